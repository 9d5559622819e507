"""What every benchmark leaves: a table on the terminal, and its figures with where they come from as JSON."""

import json
import math
import os
import platform
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from config.launcher.environment import ROOT
from config.launcher.processes import cores

Figure = float | int | str | None
Figures = dict[str, dict[str, Figure]]


@dataclass(frozen=True)
class Result:
    """Figures by row and name. `wrong` counts what must not happen at all, whatever the machine: it fails the run.

    `tables`: more of them, of other things, each under its title. `top`: what the record says beside its figures.
    `name`: the record's own, where these are no figures of the benchmark itself.
    """

    figures: Figures
    wrong: int = 0
    tables: dict[str, Figures] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        """JSON has no NaN: what could not be measured is null."""
        for row in (row for each in (self.figures, *self.tables.values()) for row in each.values()):
            row |= {name: None for name, figure in row.items() if isinstance(figure, float) and math.isnan(figure)}


def keep(name: str, arguments: list[str], folder: Path, measure: Callable[[], Result]) -> int:
    """Measure, print the table, write `<name>.json` into `folder`; the exit code."""
    before, began = os.getloadavg()[0], time.time()
    result = measure()
    record = {
        **result.top,
        "name": result.name or name,
        "figures": result.figures,
        **({"tables": result.tables} if result.tables else {}),
        "wrong": result.wrong,
        "command": shlex.join(["make", "bench", f"NAME={name}", *_args(arguments)]),
        "commit": commit(),
        "machine": {"cpu": _cpu(), "cores": cores(), "memory": psutil.virtual_memory().total},
        "load": {"before": round(before, 2), "after": round(os.getloadavg()[0], 2)},
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(time.time() - began, 1),
    }
    print(table(result.figures))
    for title, figures in result.tables.items():
        print(f"\n{title}\n\n{table(figures)}")
    print(f"\nEvery figure, the machine and its load: {write(folder, record)}")
    return 1 if result.wrong else 0


def write(folder: Path, record: dict[str, Any]) -> Path:
    """Write the record in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['name']}.json"
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    aside.replace(path)
    return path


def table(figures: Figures) -> str:
    """The figures in Markdown. Where there are more names than rows, each name gets a line of its own."""
    names = list(dict.fromkeys(name for row in figures.values() for name in row))
    lines = [["", *names], *([title, *(_shown(row.get(name)) for name in names)] for title, row in figures.items())]
    if len(names) > len(figures):
        lines = [list(line) for line in zip(*lines, strict=True)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    return "\n".join([shown[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *shown[1:]])


def _shown(figure: Figure) -> str:
    if figure is None:
        return "-"
    if isinstance(figure, float):
        return f"{figure:.3g}" if abs(figure) < 100 else f"{figure:.0f}"
    return str(figure)


def _args(arguments: list[str]) -> list[str]:
    return [f"ARGS={shlex.join(arguments)}"] if arguments else []


def commit() -> str:
    """The commit that was measured, with `-dirty` where files differ from it; empty outside a repository."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
