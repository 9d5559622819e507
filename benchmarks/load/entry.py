"""Everything at once, then again with each process stopped once: errors, waits, memory, and what was lost."""

from argparse import ArgumentParser, Namespace

from benchmarks.sessions import Prepare, played


def add_options(parser: ArgumentParser) -> None:
    """The load, and how long each process is stopped."""
    parser.add_argument("--seconds", type=float, default=300.0, help="of load, twice: with nothing stopped, with stops")
    parser.add_argument("--rate", type=float, default=20.0, help="predictions per second")
    parser.add_argument("--reviewers", type=int, default=8)
    parser.add_argument("--think", type=float, default=4.0, help="seconds that a reviewer looks at a text, on average")
    parser.add_argument("--rows", type=int, default=200_000, help="of each import")
    parser.add_argument("--stop", type=float, default=10.0, help="seconds that each process is stopped")


def prepare(options: Namespace) -> Prepare:
    """The demo's two versions, on the local model server or on the Ollama at OLLAMA_HOST."""
    return played
