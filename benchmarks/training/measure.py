"""Each way in each round, in an order that alternates, in a process of its own on the same rows.

Seconds are those of one CPU thread; tokens are those of the rows, whether or not they were computed again.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.report import Figures, Result
from benchmarks.training.rows import rows_of
from common import jsonl
from config.launcher.environment import ROOT

BARE = Path(__file__).with_name("bare.py")
WAYS: dict[str, list[str]] = {
    "TRL, its defaults": [str(BARE), "--way", "defaults"],
    "TRL at its best": [str(BARE), "--way", "best"],
    "the engine": ["-m", "benchmarks.training.ours"],
}
DEFAULTS, BEST, OURS = WAYS
# With its label list in each prompt TRL was killed where it kept all activations, most likely for memory.
LONG = {"banking77"}


def measure(options: argparse.Namespace) -> Result:
    """On the CPU."""
    return measure_sets(options, [])


def measure_sets(options: argparse.Namespace, more: list[str]) -> Result:
    """Figures of each data set and way; to be slower than TRL at its best is wrong. `more`: options of the trainers."""
    figures: Figures = {}
    ratios: dict[str, float] = {}
    wrong = 0
    for name in options.sets:
        rows = rows_of(name, options.folder, options.batch * (options.steps + 1))
        found = measure_set(rows, options, more, ["--recompute"] if name in LONG and not options.roomy else [])
        figures |= {f"{name}: {way}": row for way, row in figures_of(found).items()}
        ratios[name] = round(speed(found[OURS]) / speed(found[DEFAULTS]), 2)
        wrong += speed(found[OURS]) < speed(found[BEST])
    return Result(figures, wrong, top=ratios)


def measure_set(
    rows: list[dict[str, Any]], options: argparse.Namespace, more: list[str], of_best: list[str]
) -> dict[str, Counter[str]]:
    """The sums of all rounds by way. `of_best`: options of TRL at its best alone."""
    found = {way: Counter[str]() for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        jsonl.write(file, rows)
        for number in range(options.rounds):
            for way in list(WAYS) if number % 2 == 0 else list(WAYS)[::-1]:
                words = [*more, *of_best] if way == BEST else more
                one = run(way, options.base, file, options.batch, options.steps + 1, words)
                found[way].update({"rounds": 1, **one})
                print(f"round {number + 1}, {way}: {one['seconds'] / one['steps']:.2f} s a step", file=sys.stderr)
    return found


def run(way: str, base: Path, rows: Path, batch: int, steps: int, more: list[str]) -> dict[str, Any]:
    """What one trainer says of itself, in its last line."""
    command = [sys.executable, *WAYS[way], str(base), str(rows), str(batch), str(steps), *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{way} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last


def speed(sums: Counter[str]) -> float:
    """Useful tokens a second."""
    return sums["tokens"] / sums["seconds"]


def figures_of(found: dict[str, Counter[str]]) -> Figures:
    """The rows of one data set's table."""
    rounds = {way: sums["rounds"] for way, sums in found.items()}
    ours = found[OURS]
    return {
        way: {
            "s a step": round(sums["seconds"] / sums["steps"], 2),
            "tokens/s": round(speed(sums)),
            "times the defaults": round(speed(sums) / speed(found[DEFAULTS]), 2),
            "times the best": round(speed(sums) / speed(found[BEST]), 2),
            "share of the floor": round(ours["floor"] / rounds[OURS] / (ours["seconds"] / ours["steps"]), 2)
            if way == OURS
            else None,
            "peak GB": round(sums["peak"] / rounds[way] / 2**30, 2),
            "start s": round(sums["start"] / rounds[way], 1),
        }
        for way, sums in found.items()
    }
