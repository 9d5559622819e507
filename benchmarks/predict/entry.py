"""What a prediction costs: one text at a time and a hundred, for the newest version of each method."""

from argparse import ArgumentParser, Namespace

from benchmarks.sessions import Prepare, played


def add_options(parser: ArgumentParser) -> None:
    """How often each door is asked."""
    parser.add_argument("--single", type=int, default=300, help="predictions of one text, one after the other")
    parser.add_argument("--batches", type=int, default=10, help="calls of batch_predict")
    parser.add_argument("--texts", type=int, default=100, help="texts of each")


def prepare(options: Namespace) -> Prepare:
    """The demo's versions, on the local model server or on the Ollama at OLLAMA_HOST."""
    return played
