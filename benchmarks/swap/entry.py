"""What a move of the live version costs the clients: promotions and rollbacks under a steady load."""

from argparse import ArgumentParser, Namespace

from benchmarks.sessions import Prepare, played


def add_options(parser: ArgumentParser) -> None:
    """The load and the moves."""
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second on each door")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds after each move")
    parser.add_argument("--before", type=float, default=10.0, help="seconds of load before the first move")


def prepare(options: Namespace) -> Prepare:
    """The demo's two versions, on the local model server or on the Ollama at OLLAMA_HOST."""
    return played
