"""`python -m training.engine.encoders`: make the folder of a sentence encoder. Exit codes as `training.engine`."""

import argparse
import logging
import os
import sys
from pathlib import Path

from training.engine.encoders.making import SHIPPED, Wanted, make_encoder
from training.engine.errors import EngineError

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str] | None = None) -> int:
    """Make it, say what it is; the process's exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(message)s")
    logging.getLogger("training").setLevel(logging.INFO)
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    wanted = Wanted(options.source, options.data, options.revision, options.prefix, options.threads)
    try:
        record = make_encoder(options.out, wanted)
    except EngineError as error:
        if options.optional:
            _say(f"There is no sentence encoder, and Touchstone goes on without: {_first_line(error)}")
            return 0
        _say(str(error))
        return int(error.code)
    _say(f"The sentence encoder {record.name} is in {options.out} ({record.runs} is used).")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.engine.encoders", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", default=SHIPPED, help="a folder or a hub name; without it the shipped one")
    parser.add_argument("--revision", help="of a hub name")
    parser.add_argument("--prefix", help="what stands before every text, where its files do not say so")
    parser.add_argument("--data", type=Path, default=ROOT / "demo/data/support_tags/messages.jsonl")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--optional", action="store_true", help="where it cannot be had, say so and end well")
    return parser


def _first_line(error: EngineError) -> str:
    return str(error).strip().partition("\n")[0]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
