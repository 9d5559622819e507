"""What the gate promises for a project's whole life, by simulation with its own functions; no model takes part."""

from argparse import ArgumentParser, Namespace

from benchmarks.sessions import Prepare, database


def add_options(parser: ArgumentParser) -> None:
    """How often each thing is played."""
    parser.add_argument("--lives", type=int, default=500, help="lives of 20 rounds")
    parser.add_argument("--draws", type=int, default=2_000, help="single judgments")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--projects", type=int, default=20, help="whose texts get thumbs; 0: without a database")


def prepare(options: Namespace) -> Prepare | None:
    """An empty database for the thumbs; for the rest nothing is needed."""
    return database if options.projects else None
