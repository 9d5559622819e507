"""What the gate promises for a project's whole life, by simulation with its own functions; no server takes part."""

from argparse import ArgumentParser, Namespace


def add_options(parser: ArgumentParser) -> None:
    """How often each thing is played."""
    parser.add_argument("--lives", type=int, default=500, help="lives of 20 rounds")
    parser.add_argument("--draws", type=int, default=2_000, help="single judgments")
    parser.add_argument("--seed", type=int, default=13)


def prepare(options: Namespace) -> None:
    """Nothing is needed."""
