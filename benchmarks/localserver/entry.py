"""Two models on the same cores: turns or none, all cores each or divided ones, threads asleep or spinning."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.sessions import MissingError, Prepare, played
from config.launcher.processes import cores


def add_options(parser: ArgumentParser) -> None:
    """The two models, and how long each way is measured."""
    parser.add_argument("--gguf", type=Path, action="append", help="give it twice; without it, the tiny demo's models")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each way in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=cores())


def prepare(options: Namespace) -> Prepare | None:
    """Nothing where two models are given."""
    if not options.gguf:
        return played
    if len(options.gguf) != 2 or not all(path.is_file() for path in options.gguf):
        raise MissingError("Give two GGUF files, --gguf A.gguf --gguf B.gguf, or none for the tiny demo's models.")
    return None
