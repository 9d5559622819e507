"""A promotion's evidence on any machine, without Django: `python -m evaluation.verify FILE`.

Works scores, figures, the gate's verdict and the level of its budget out again from the answers in the file, and holds
them against what it says. One line for each thing looked at: `ok`, `WRONG`, or `--` for what no file can show.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from common.text import storable
from evaluation.bundles.reading import BundleError, read
from evaluation.bundles.verifying import Said, verify

_MARKS = {True: "ok   ", False: "WRONG", None: "--   "}


def run(arguments: list[str]) -> int:
    """0: everything that can be verified is as the file says; 1: something is not, or the file is no bundle."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.verify", description=__doc__)
    parser.add_argument("file", type=Path, help="The bundle of a promotion.")
    path = parser.parse_args(arguments).file
    wrong = 0
    for said in looked_at(path):
        wrong += said.ok is False
        sys.stdout.write(f"{_MARKS[said.ok]} {said.what}: {one_line(said.sentence)}\n")
    sys.stdout.write(f"{'Not verified: something above is wrong.' if wrong else 'Verified.'}\n")
    return 1 if wrong else 0


def looked_at(path: Path) -> Iterator[Said]:
    """What is to be said of a file."""
    try:
        bundle = read(path)
    except (BundleError, OSError) as error:
        yield Said(False, "file", str(error))
        return
    yield from verify(bundle)


def one_line(sentence: str) -> str:
    """One line of what a file may have written: no control characters, no length without end."""
    return " ".join("".join(each if each.isprintable() else " " for each in storable(sentence)).split())[:2000]


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
