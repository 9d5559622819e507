"""Ten rounds of a project's life through the services: a suite that grows, a head a round, the gate alone promotes."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.recipes.methods import ENCODER
from benchmarks.recipes.sets import SETS
from benchmarks.sessions import MissingError, Prepare, running
from common.encoder import EncoderError, read_record

GAINS, EQUAL = "gains", "equal"


def add_options(parser: ArgumentParser) -> None:
    """Which messages, how many rounds, and whether candidates learn from more and more."""
    parser.add_argument("folder", type=Path, nargs="?", help="holds the folders banking77 and goemotions")
    parser.add_argument("--set", choices=SETS, default="banking77")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=300, help="answered texts that come in before each round")
    parser.add_argument(
        "--candidates",
        choices=[GAINS, EQUAL],
        default=GAINS,
        help="gains: each learns from all rows so far; equal: each from as many rows as the first, all of them others",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order in which texts come in")


def prepare(options: Namespace) -> Prepare:
    """Everything that `make serve` runs, on the local model server. Refuse where data or encoder are not there."""
    for file in SETS[options.set].files:
        path = (options.folder or Path()) / file
        if not path.is_file():
            raise MissingError(
                f"There is no {path}. Give the folder that holds {options.set}: make bench "
                'NAME=rounds ARGS="FOLDER"; benchmarks/recipes/README.md says who publishes it.'
            )
    try:
        read_record(ENCODER)
    except EncoderError as error:
        raise MissingError(str(error)) from error
    return running
