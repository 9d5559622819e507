"""What a training step costs: the engine against a bare TRL script, at its defaults and at its best."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.sessions import MissingError
from benchmarks.training.rows import SETS, outside
from config.launcher.environment import var_dir

MODELS = Path(os.environ.get("TOUCHSTONE_MODELS") or var_dir() / "models")


def add_options(parser: ArgumentParser) -> None:
    """Where the data sets are, which are taken, and how long each way is measured."""
    parser.add_argument("folder", type=Path, nargs="?", help="holds the folders banking77 and gsm8k")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--steps", type=int, default=4, help="measured steps of a round, after one that warms up")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument(
        "--roomy", action="store_true", help="TRL at its best keeps the activations of long prompts too"
    )
    parser.add_argument("--base", type=Path, default=MODELS / "smollm2-135m-instruct")


def prepare(options: Namespace) -> None:
    """No server takes part. Refuse where a data set or the base model is not there."""
    for name in options.sets:
        file = outside(name, options.folder)
        if file is not None and not file.is_file():
            raise MissingError(
                f"There is no {file}. Give the folder that holds banking77 and gsm8k: make bench NAME=training "
                'ARGS="FOLDER"; benchmarks/training/README.md says who publishes them.'
            )
    if not (options.base / "config.json").is_file():
        raise MissingError(f"There is no base model in {options.base}; make base-model fetches it.")
