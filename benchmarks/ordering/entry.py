"""How many labels the order of review saves: five reviewers' lives by it, and five by chance, through the queue."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.recipes.methods import ENCODER
from benchmarks.recipes.sets import SETS
from benchmarks.sessions import MissingError, Prepare, database
from common.encoder import EncoderError, read_record

NAMES = ("banking77", "goemotions")
# Those of the figures in the README; whoever looks for a better strategy takes others.
SEEDS = (1, 2, 3, 4, 5)


def add_options(parser: ArgumentParser) -> None:
    """Which sets, and which draws of the pool."""
    parser.add_argument("folder", type=Path, nargs="?", help="holds the folders banking77 and goemotions")
    parser.add_argument("--sets", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), help="of the pools")


def prepare(options: Namespace) -> Prepare:
    """An empty database; this process does what reviewers and workers do. Refuse where data or encoder are missing."""
    for name in options.sets:
        for file in SETS[name].files:
            path = (options.folder or Path()) / file
            if not path.is_file():
                raise MissingError(
                    f"There is no {path}. Give the folder that holds {name}: make bench NAME=ordering "
                    'ARGS="FOLDER"; benchmarks/recipes/README.md says who publishes it.'
                )
    try:
        read_record(ENCODER)
    except EncoderError as error:
        raise MissingError(str(error)) from error
    return database
