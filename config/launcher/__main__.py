"""`python -m config.launcher serve | demo | run -- COMMAND | env`."""

import argparse
import logging
import os
import sys
from pathlib import Path

from config.embedded import AlreadyRunning, EmbeddedError
from config.launcher import commands, environment
from config.launcher.session import LauncherError


def main(arguments: list[str] | None = None) -> int:
    """Parse, run one command, return its exit code; what cannot be done is said in one sentence."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        if options.command == "serve":
            return commands.serve(options.port)
        if options.command == "demo":
            return commands.demo(options.base, options.port, headless=options.headless, keep=options.keep)
        if options.command == "run":
            words = [word for position, word in enumerate(options.words) if position or word != "--"]
            if not words:
                parser.error("run needs a command: run -- manage.py shell")
            return commands.run(words, options.port)
        return commands.env()
    except (AlreadyRunning, EmbeddedError, LauncherError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        folder = environment.var_dir()
        if not error.filename or not Path(os.fsdecode(error.filename)).is_relative_to(folder):
            raise
        sys.stderr.write(
            f"{os.fsdecode(error.filename)} cannot be used ({error.strerror}): let this account write in {folder}, "
            "or choose another folder with TOUCHSTONE_VAR.\n"
        )
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.launcher", description="Starts and ends Touchstone.")
    actions = parser.add_subparsers(dest="command", required=True)
    serve = actions.add_parser("serve", help="everything up until Ctrl-C")
    demo = actions.add_parser("demo", help="the whole loop on an empty database of its own")
    demo.add_argument("--base", default="smollm2", choices=["smollm2", "tiny"])
    demo.add_argument("--headless", action="store_true", help="end after the last step, with its exit code")
    demo.add_argument("--keep", action="store_true", help="bring the last demo's state up again, play nothing")
    run = actions.add_parser("run", help="one command with the servers up: run -- manage.py shell")
    run.add_argument("words", nargs=argparse.REMAINDER)
    actions.add_parser("env", help="print the exports of the running launcher")
    for action in (serve, demo, run):
        action.add_argument("--port", type=int, default=_port(), help="port of the web process (PORT)")
    return parser


def _port() -> int:
    said = os.environ.get("PORT") or "8000"
    if not said.isdigit():
        raise SystemExit(f"PORT must be a number, not {said!r}.")
    return int(said)


if __name__ == "__main__":
    sys.exit(main())
