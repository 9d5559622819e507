"""`python -m training.heads`: fit, look. Without torch. Exit codes as `training.engine`."""

import argparse
import logging
import sys
from pathlib import Path

from common import jsonl
from training.engine.errors import EngineError, Exit
from training.engine.events import finite


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the process's exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return int(options.command(options))
    except EngineError as error:
        logging.getLogger("training.heads").error("%s", error)
        return int(error.code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.heads", description=__doc__)
    commands = parser.add_subparsers(required=True)

    fit = commands.add_parser("fit", help="fit the head of a run folder, or go on with it")
    fit.add_argument("--run", type=Path, required=True)
    fit.add_argument("--lease", help="token of the lease under which this process works")
    fit.add_argument("--supervisor-pid", type=int, help="end when this process is gone")
    fit.set_defaults(command=_fit)

    look = commands.add_parser("look", help="what a sentence encoder is, and what makes it unusable")
    look.add_argument("--encoder", type=Path, required=True, help="its folder")
    look.add_argument("--revision", help="the one that must be in it")
    look.set_defaults(command=_look)
    return parser


def _fit(options: argparse.Namespace) -> Exit:
    from training.heads.fitting import fit_run

    return fit_run(options.run, lease=options.lease, supervisor_pid=options.supervisor_pid)


def _look(options: argparse.Namespace) -> Exit:
    from training.heads.looking import look

    sys.stdout.write(f"{jsonl.dumps(finite(look(options.encoder, options.revision)))}\n")
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
