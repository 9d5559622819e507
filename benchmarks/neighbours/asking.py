"""The web process's part: opens the file where it lies and asks; answers as JSON on standard output."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from common.nearest import NearestView


def main(folder: Path, revision: str, count: int) -> None:
    """Every query once, after one that warms up nothing but the code."""
    asked, process = np.load(folder / "asked.npy"), psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    view = NearestView(folder, revision)
    opened = time.perf_counter() - began
    view.search(asked[0], count)
    keys, took = [], []
    for row in asked:
        began = time.perf_counter()
        found = view.search(row, count)
        took.append((time.perf_counter() - began) * 1e3)
        keys.append([key for key, _ in found])
    told = {
        "keys": keys,
        "p50 ms": float(np.median(took)),
        "p95 ms": float(np.quantile(took, 0.95)),
        "open ms": opened * 1e3,
        "memory of the asker MB": (process.memory_info().rss - before) / 1e6,
        "its peak in all MB": _peak(),
    }
    sys.stdout.write(json.dumps(told))


def _peak() -> float | None:
    """What Linux counts since this program began; `ru_maxrss` counts what the process was forked from, too."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").split("\n")
    except OSError:
        return None
    return next(float(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
