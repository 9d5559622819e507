"""Nearest neighbours among a million vectors: recall against exact search, milliseconds, building, file and memory."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.sessions import MissingError
from benchmarks.training.entry import MODELS
from common.encoder import EncoderError, read_record


def add_options(parser: ArgumentParser) -> None:
    """How many vectors of what, how noisy, and how many questions."""
    parser.add_argument("folder", type=Path, nargs="?", help="*.txt (a text a line) and *.jsonl (`text`) beside ours")
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--noise", type=float, default=0.3, help="its length, where a vector's own is 1")
    parser.add_argument("--encoder", type=Path, default=MODELS / "all-minilm-l6-v2")


def prepare(options: Namespace) -> None:
    """No server takes part. Refuse where there is no encoder, or no folder."""
    if options.folder is not None and not options.folder.is_dir():
        raise MissingError(f"There is no folder {options.folder}. Give one that holds *.txt or *.jsonl files, or none.")
    try:
        read_record(options.encoder)
    except EncoderError as error:
        raise MissingError(str(error)) from error
