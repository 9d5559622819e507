"""What becomes of approved answers and test cases while labels change and people point at texts."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.datasets.sources import require
from benchmarks.sessions import Prepare, database


def add_options(parser: ArgumentParser) -> None:
    """Where GoEmotions is, and how much of it is taken."""
    parser.add_argument("folder", type=Path, nargs="?", help="GoEmotions as its authors publish it")
    parser.add_argument("--rows", type=int, default=1000)


def prepare(options: Namespace) -> Prepare:
    """An empty database; no worker takes part."""
    require("labels", "goemotions", options.folder)
    return database
