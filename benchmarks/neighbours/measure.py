"""Builds the index as the vectors worker does, asks it as the web process does, and both against exact search."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from benchmarks.neighbours.rows import noisy, real_vectors
from benchmarks.report import Figures, Result
from common.encoder import read_record
from common.environment import child_environment
from common.nearest import Nearest
from config.launcher.environment import ROOT, var_dir

FOUND = 10
RECALL, LATENCY_MS = 0.95, 100.0
_EXACT_ASKED = 20


def measure(options: argparse.Namespace) -> Result:
    """One thread throughout. Fails where recall or the 95th percentile of a query is not what it must be."""
    with threadpool_limits(1), tempfile.TemporaryDirectory(dir=_scratch()) as scratch:
        folder = Path(scratch)
        began = time.monotonic()
        real = real_vectors(options)
        encoding = time.monotonic() - began
        asked = np.vstack(list(noisy(real, options.queries, options.noise, seed=2)))
        np.save(folder / "asked.npy", asked.astype(np.float16))
        built = _build(options, real, folder)
        true, exact_ms = _exact(options, real, asked)
        found = _ask(folder, built.pop("revision"))
    recall = float(np.mean([len(set(a) & set(b)) / FOUND for a, b in zip(found.pop("keys"), true, strict=True)]))
    figures: Figures = {
        f"{options.vectors:,} vectors": {
            "recall@10": recall,
            **found,
            "exact numpy p50 ms": exact_ms,
            "times quicker": exact_ms / found["p50 ms"],
            **built,
            "real texts": len(real),
            "encoding s": encoding,
            "noise": options.noise,
        }
    }
    return Result(figures, wrong=(recall < RECALL) + (found["p95 ms"] > LATENCY_MS))


def _scratch() -> Path:
    folder = var_dir() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _build(options: argparse.Namespace, real: Any, folder: Path) -> dict[str, Any]:
    """Add chunk by chunk and save; seconds, those of the processor too, bytes, and what this process grew by."""
    revision = read_record(options.encoder).revision
    before, seconds, busy, count = _resident(), 0.0, 0.0, 0
    nearest = Nearest(real.shape[1])
    for rows in noisy(real, options.vectors, options.noise, seed=3):
        began, worked = time.monotonic(), time.process_time()
        nearest.add(range(count, count + len(rows)), rows)
        seconds, busy = seconds + time.monotonic() - began, busy + time.process_time() - worked
        count += len(rows)
        if count % 100_000 == 0:
            print(f"{count:,} added in {seconds:.0f} s", file=sys.stderr, flush=True)
    grown, began = _resident() - before, time.monotonic()
    record = nearest.save(folder, revision)
    return {
        "revision": revision,
        "build s": seconds,
        "build CPU s": busy,
        "save s": time.monotonic() - began,
        "file MB": record.bytes / 1e6,
        "memory of the builder MB": grown / 1e6,
    }


def _exact(options: argparse.Namespace, real: Any, asked: Any) -> tuple[list[list[int]], float]:
    """The true neighbours of each query among the rows as they are kept, and what one query takes so."""
    rows = np.vstack([each.astype(np.float16) for each in noisy(real, options.vectors, options.noise, seed=3)])
    best = np.full((len(asked), FOUND), -2.0, dtype=np.float32)
    keys = np.zeros((len(asked), FOUND), dtype=np.int64)
    for start in range(0, len(rows), 20_000):
        likeness = asked @ rows[start : start + 20_000].astype(np.float32).T
        all_best, all_keys = np.hstack([best, likeness]), np.hstack([keys, _numbers(likeness, start)])
        order = np.argpartition(-all_best, FOUND - 1, axis=1)[:, :FOUND]
        best, keys = (np.take_along_axis(each, order, axis=1) for each in (all_best, all_keys))
    wide, took = rows.astype(np.float32), []
    for row in asked[:_EXACT_ASKED]:
        began = time.perf_counter()
        np.argpartition(-(wide @ row), FOUND)[:FOUND]
        took.append(time.perf_counter() - began)
    return keys.tolist(), float(np.median(took) * 1e3)


def _numbers(likeness: Any, start: int) -> Any:
    return np.broadcast_to(np.arange(start, start + likeness.shape[1]), likeness.shape)


def _ask(folder: Path, revision: str) -> dict[str, Any]:
    """Keys, times and memory of a process that reads the file in place, one query after the other."""
    command = [sys.executable, "-m", "benchmarks.neighbours.asking", str(folder), revision, str(FOUND)]
    environment = child_environment() | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)
