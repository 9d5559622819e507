"""The processes of this installation, by name; each with its children stopped for a while, as a machine that hangs."""

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.report import Figures
from config.launcher.processes import processes

WEB_WORKER = "web worker"


def leaders() -> dict[str, psutil.Process]:
    """What the launcher started, by the names in its table, and its servers; the environment says where they are."""
    folder = Path(os.environ["TOUCHSTONE_VAR"])
    port, model_port = map(_port, ("TOUCHSTONE_URL", "LOCAL_MODEL_SERVER_URL"))
    names = {tuple(each.command): each.name for each in processes(folder, port=port or 80, model_port=model_port)}
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            name = names.get(tuple(process.cmdline()))
            # Forked children have the same words, and so have the workers of another installation.
            if (
                name
                and os.getpgid(process.pid) == process.pid
                and process.environ().get("TOUCHSTONE_VAR") == str(folder)
            ):
                found[name] = process
    in_order = {name: found[name] for name in names.values() if name in found}
    return in_order | dict(_servers(folder))


def _folder_of(process: psutil.Process) -> Path:
    return Path(process.environ().get("TOUCHSTONE_VAR", "/"))


def _port(name: str) -> int | None:
    return urlsplit(os.environ.get(name, "")).port


def _servers(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    for name, path in {"PostgreSQL": "postgres/postmaster.pid", "Valkey": "valkey/valkey.pid"}.items():
        with contextlib.suppress(OSError, psutil.Error):
            yield name, psutil.Process(int((folder / path).read_text().split()[0]))


def stoppable() -> list[str]:
    """What is stopped, one after the other: of the web process one worker, of the others the whole."""
    return [WEB_WORKER if name == "web" else name for name in leaders()]


@contextmanager
def stopped(name: str) -> Iterator[None]:
    """The process and its children stand still during the block, and go on after it."""
    everything = leaders()
    first = everything["web"].children()[0] if name == WEB_WORKER else everything[name]
    halted = []
    try:
        for process in [first, *first.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
                halted.append(process)
        yield
    finally:
        for process in reversed(halted):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


class Memory:
    """Memory in use now and then, by process with its children; shared pages are counted once."""

    def __init__(self) -> None:
        self.peaks: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.peak = 0.0
        self.looked = 0.0

    def look(self) -> None:
        """Look, if the last look was a moment ago."""
        if time.monotonic() - self.looked < 3.0:
            return
        self.looked, total = time.monotonic(), 0.0
        for name, first in leaders().items():
            with contextlib.suppress(psutil.NoSuchProcess):
                family = [first, *first.children(recursive=True)]
                used = sum(map(_megabytes, family))
                total += used
                if used > self.peaks.get(name, 0.0):
                    self.peaks[name], self.counts[name] = used, len(family)
        self.peak = max(self.peak, total)

    def figures(self) -> Figures:
        """The peak of each, and of all at the same time."""
        each: Figures = {name: {"MB": round(peak), "processes": self.counts[name]} for name, peak in self.peaks.items()}
        return each | {"all at once": {"MB": round(self.peak)}}


def _megabytes(process: psutil.Process) -> float:
    """A page that several share is counted in parts, where the system says so."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        info = process.memory_full_info()
        return float(getattr(info, "pss", info.uss)) / 1e6
    return 0.0
