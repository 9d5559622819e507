"""Plays every row, prints what it found, and fails where one left its bound by more than its Monte Carlo error."""

import argparse
import json
import sys
import time
from collections.abc import Iterator

from benchmarks.gate import looks, watches
from benchmarks.gate.rows import Row, rows
from benchmarks.report import Figures, Result


def _rows(options: argparse.Namespace) -> Iterator[tuple[str, Row]]:
    yield from rows(options.seed, options.lives, options.draws)
    yield from looks.rows(options.seed + 10, options.draws)
    yield from watches.rows(options.seed + 20, options.draws)
    if options.projects:
        from benchmarks.gate import thumbs  # with Django, which the session has set up

        yield from thumbs.rows(options.seed + 30, options.projects, 200)


def measure(options: argparse.Namespace) -> Result:
    """One thread; the seed of each row is the option's and its place."""
    figures: Figures = {}
    wrong, began = 0, time.monotonic()
    for name, row in _rows(options):
        figures[name] = {"value": row.value, "error": row.error, "bound": row.bound}
        wrong += not row.holds
        said = "" if row.holds else "  LEFT ITS BOUND"
        print(f"{time.monotonic() - began:6.0f} s  {name}: {row.value:.3f}{said}", file=sys.stderr, flush=True)
    print(json.dumps(figures, indent=2))
    played = {name: getattr(options, name) for name in ("seed", "lives", "draws", "projects")}
    return Result(figures, wrong=wrong, top=played)
