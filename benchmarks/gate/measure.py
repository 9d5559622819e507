"""Plays every row, prints what it found, and fails where one left its bound by more than its Monte Carlo error."""

import argparse
import json
import sys
import time
from itertools import chain

from benchmarks.gate import watches
from benchmarks.gate.rows import rows
from benchmarks.report import Figures, Result


def measure(options: argparse.Namespace) -> Result:
    """One thread; the seed of each row is the option's and its place."""
    figures: Figures = {}
    wrong, began = 0, time.monotonic()
    for name, row in chain(
        rows(options.seed, options.lives, options.draws), watches.rows(options.seed + 20, options.draws)
    ):
        figures[name] = {"value": row.value, "error": row.error, "bound": row.bound}
        wrong += not row.holds
        said = "" if row.holds else "  LEFT ITS BOUND"
        print(f"{time.monotonic() - began:6.0f} s  {name}: {row.value:.3f}{said}", file=sys.stderr, flush=True)
    print(json.dumps(figures, indent=2))
    return Result(figures, wrong=wrong, top={"seed": options.seed, "lives": options.lives, "draws": options.draws})
