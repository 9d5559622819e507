"""Rows, run folders and engine processes for the engine's tests."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from common import jsonl
from training.engine.events import read_events
from training.engine.figure import figure_from

ROOT = Path(__file__).resolve().parents[3]
TAGS = {
    "billing": ["charged twice", "refund my money", "wrong invoice"],
    "login": ["cannot log in", "password reset", "locked out"],
    "delivery": ["parcel is late", "track my order", "wrong address"],
}
SYSTEM = f"Tag the message with one or more of these labels: {', '.join(TAGS)}. Answer in JSON."


def make_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Prompt/completion rows that a tiny model can learn."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        tags = sorted(chance.sample(list(TAGS), chance.choice([1, 2])))
        text = " and ".join(chance.choice(TAGS[tag]) for tag in tags)
        rows.append(
            {
                "prompt": [
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": f"{text} please"},
                ],
                "completion": [{"role": "assistant", "content": json.dumps({"labels": tags})}],
            }
        )
    return rows


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    jsonl.write(path, rows)


def make_run(folder: Path, base: Path, *, rows: int = 64, **options: Any) -> Path:
    """A run folder on a base model; `options` are keys of config.yaml."""
    write_rows(folder / "data" / "train.jsonl", make_rows(rows))
    write_rows(folder / "data" / "validation.jsonl", make_rows(8, seed=1))
    config = {"base_model": {"name": str(base)}, "threads": 1, "max_steps": 4, **options}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def step_losses(run: Path) -> dict[int, float]:
    """The loss of every step; a step done again after a resume counts with its last loss."""
    return {event["step"]: event["loss"] for event in events_of(run, "step")}


def events_of(run: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in read_events(run / "events.jsonl") if event["kind"] == kind]


def start_engine(run: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """The engine as a worker starts it: a process of its own."""
    log = (run / "engine.log").open("wb")
    command = [sys.executable, "-m", "training.engine", "train", "--run", str(run), *arguments]
    with log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"})


def wait_until(condition: Callable[[], bool], engine: "subprocess.Popen[bytes]", seconds: float = 240) -> None:
    """Poll until the condition holds; the engine must not end before."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert engine.poll() is None, f"the engine ended with {engine.returncode}"
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def validated_figure(run: Path) -> float:
    """The figure that comes of how each validation row was answered, as the manifest tells it."""
    rows = json.loads((run / "manifest.json").read_text())["validated"]
    return float(figure_from([sum(column) for column in list(zip(*rows, strict=True))[1:]]))
