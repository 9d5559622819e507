"""`python -m deployment.artifacts.heads`: compose, prove; each prints JSON."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.encoder.record import SMALL
from deployment.artifacts.heads.compose import ComposeError, compose
from deployment.artifacts.heads.proving import ELSEWHERE, HERE, Answered, prove
from deployment.servers.localserver.head import HeadFileError, open_head
from training.heads.folder import load, load_proof


def main() -> int:
    """Run one command; 0, or 1 with the reason on standard error."""
    options = _parser().parse_args()
    try:
        found = options.command(options)
    except (ComposeError, HeadFileError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deployment.artifacts.heads", description=__doc__)
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("compose", help="put encoder and fitted head into one ONNX file")
    for name in ("encoder", "head", "out"):
        making.add_argument(f"--{name}", type=Path, required=True)
    making.set_defaults(command=lambda options: compose(options.encoder, options.head, options.out))
    proving = commands.add_parser("prove", help="does the file answer as the fitted head did?")
    for name in ("head", "file"):
        proving.add_argument(f"--{name}", type=Path, required=True)
    proving.add_argument("--fitted", choices=("here", "elsewhere"), default="here", help="on a host of this kind?")
    proving.set_defaults(command=_prove)
    return parser


def _prove(options: argparse.Namespace) -> dict[str, Any]:
    model = open_head(options.file)

    def ask(messages: Sequence[Mapping[str, str]]) -> Answered:
        found = model.answer(messages)
        return Answered(found.text, found.probabilities)

    tolerance = ELSEWHERE if options.fitted == "elsewhere" and model.told.encoder.runs == SMALL else HERE
    return vars(prove(load(options.head).record.answering, load_proof(options.head), ask, tolerance=tolerance))


if __name__ == "__main__":
    sys.exit(main())
