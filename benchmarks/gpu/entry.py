"""The same on a CUDA card: QLoRA steps of a Llama of eight thousand million random weights."""

from argparse import ArgumentParser, Namespace

from benchmarks.sessions import MissingError
from benchmarks.training import entry
from config.launcher.environment import var_dir


def add_options(parser: ArgumentParser) -> None:
    """Those of the benchmark `training`; the base lends its tokenizer, and the model is made in `var/bench`."""
    entry.add_options(parser)
    parser.add_argument("--layers", type=int, default=32, help="32 as in Llama 3 8B; fewer for a smaller card")
    parser.set_defaults(steps=10)


def prepare(options: Namespace) -> None:
    """Refuse where there is no card, or a data set is missing."""
    import torch

    if not torch.cuda.is_available():
        raise MissingError("This benchmark needs a CUDA GPU; make bench NAME=training measures on the CPU.")
    entry.prepare(options)
    options.model = var_dir() / "bench" / f"llama-{options.layers}-random"
