"""The ways of the benchmark `training`, on a card: seconds are those of the clock, memory is that of the card."""

import argparse
import subprocess
import sys

from benchmarks.report import Result
from benchmarks.training.measure import measure_sets
from config.launcher.environment import ROOT


def measure(options: argparse.Namespace) -> Result:
    """Make the model in a process of its own, which gives the card's memory back, then measure."""
    words = [str(options.model), str(options.layers), str(options.base)]
    subprocess.run([sys.executable, "-m", "benchmarks.gpu.base", *words], cwd=ROOT, check=True)
    options.base = options.model
    return measure_sets(options, ["--cuda"])
