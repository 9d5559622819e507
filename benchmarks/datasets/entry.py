"""The whole loop on a public data set: import, reviews played from the true labels, training, benchmark, gate."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.datasets.sources import DATA_SETS, require
from benchmarks.sessions import Prepare, running


def add_options(parser: ArgumentParser) -> None:
    """The data set, and how much of it is reviewed and trained on."""
    parser.add_argument("name", choices=DATA_SETS, nargs="?", default="goemotions")
    parser.add_argument("folder", type=Path, nargs="?", help="the data set as its authors publish it")
    parser.add_argument("--reviews", type=int, default=2000)
    parser.add_argument("--threshold", type=int, help="golden samples that start the run (70 %% of the reviews)")
    parser.add_argument("--steps", type=int, default=75)


def prepare(options: Namespace) -> Prepare:
    """All processes, on an empty database."""
    require("datasets", options.name, options.folder)
    return running
