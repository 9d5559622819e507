"""What the processes of this Touchstone have used so far, by their part in a prediction."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.load.stops import leaders


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds, and the most memory in bytes that one web process and all of the model server held."""

    seconds: float
    web: float
    models: float
    web_peak: float
    models_peak: float

    def __sub__(self, before: "Cost") -> "Cost":
        """What was used since then. Peaks stay as they are."""
        return Cost(
            self.seconds - before.seconds,
            self.web - before.web,
            self.models - before.models,
            self.web_peak,
            self.models_peak,
        )


def cost_of() -> Cost:
    """Of the web and the model server of this installation, their children included. An Ollama is not looked at."""
    everything = leaders()
    web, models = (_family(everything.get(name)) for name in ("web", "models"))
    return Cost(
        time.perf_counter(),
        sum(map(_cpu, web)),
        sum(map(_cpu, models)),
        max(map(_peak, web), default=0.0),
        sum(map(_peak, models)),
    )


def _family(first: psutil.Process | None) -> list[psutil.Process]:
    return [first, *first.children(recursive=True)] if first else []


def _cpu(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _peak(process: psutil.Process) -> float:
    """Bytes; Linux keeps the most, elsewhere what is held now is said."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").split("\n")
        return float(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    with suppress(psutil.NoSuchProcess):
        return float(process.memory_info().rss)
    return 0.0
