"""The processes of one machine, in the order in which they end: web, workers, beat, model server."""

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGINT, SIGQUIT, SIGTERM, Signals

from common.environment import child_environment


@dataclass(frozen=True)
class Process:
    """A command to keep running. `ending`: signals and the seconds each is given; then follows SIGKILL."""

    name: str
    command: list[str]
    stage: int
    ending: tuple[tuple[Signals, float], ...] = ((SIGTERM, 10.0),)
    environment: dict[str, str] = field(default_factory=dict)
    # Names of the settings that it alone needs; None: all of them.
    needs: tuple[str, ...] | None = None

    def narrowed(self, environment: dict[str, str]) -> dict[str, str]:
        """Of what all processes get, what this one needs."""
        if self.needs is None:
            return environment
        return child_environment() | {name: environment[name] for name in self.needs if name in environment}


# `set_up` has just checked the very same settings and code; checking loads all pages, which no worker shows.
_CHECKED = {"CELERY_SKIP_CHECKS": "1"}
# Celery: SIGTERM lets tasks finish, SIGQUIT drops them. Their rows are claimed by lease, so dropped work goes on later.
_SHORT = ((SIGTERM, 15.0), (SIGQUIT, 5.0))
# A training outlives any patience: its engine saves checkpoints and goes on from the last one.
_LONG = ((SIGTERM, 3.0), (SIGQUIT, 5.0))


def processes(folder: Path, *, port: int, model_port: int | None) -> list[Process]:
    """Everything beside the servers. `model_port` None: the model server is somebody else's."""
    table = [
        Process("web", _web(port), 0, ((SIGTERM, 12.0),)),
        # Threads, as these wait for servers and rows: one process, and a hanging server holds up one of them.
        _worker("worker-urgent", "urgent", _SHORT, "-c", "4", "--pool=threads"),
        _worker("worker", "default", _SHORT, "-c", "2"),
        _worker("worker-bulk", "bulk", _LONG, "-c", "1", "--pool=threads"),
        # Behind everything else that wants a core; a child that held a large index is replaced.
        _later(_worker("worker-vectors", "vectors", _SHORT, "-c", "1", "--max-memory-per-child=600000")),
        # Both tasks only watch a subprocess, however long it takes: a thread does.
        _worker("worker-heads", "heads", _LONG, "-c", "1", "--pool=threads"),
        # A child that grew on a heavy import is replaced, so that idle workers stay small.
        _worker("worker-build", "build", _SHORT, "-c", "1", "--max-memory-per-child=600000"),
        # One task here lasts hours and only watches a subprocess: a thread does, and time limits do not apply.
        _worker("worker-gpu", "gpu", _LONG, "-c", "1", "--pool=threads"),
        Process("beat", _celery("beat", f"--schedule={folder / 'beat' / 'schedule'}"), 2, environment=_CHECKED),
    ]
    if model_port:
        ending = ((SIGTERM, 10.0), (SIGINT, 2.0))
        models = _model_server(folder, model_port)
        table.append(Process("models", models, 3, ending, needs=("TOUCHSTONE_VAR", "LOCAL_MODEL_SERVER_KEY")))
    return table


def _web(port: int) -> list[str]:
    # Its options: gunicorn.conf.py.
    return [sys.executable, "-m", "gunicorn", "config.wsgi:application", f"--bind=127.0.0.1:{port}"]


def _worker(name: str, queue: str, ending: tuple[tuple[Signals, float], ...], *options: str) -> Process:
    quiet = ["--without-gossip", "--without-mingle", "--loglevel=INFO"]
    command = _celery("worker", "-Q", queue, "-n", f"{queue}@%h", *quiet, *options)
    return Process(name, command, 1, ending, _CHECKED)


def _later(process: Process) -> Process:
    return replace(process, command=["nice", "-n", "10", *process.command])


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "config", *words]


def _model_server(folder: Path, port: int) -> list[str]:
    options = ["--host", "127.0.0.1", "--port", str(port)]
    options += ["--state-dir", str(folder / "localserver"), "--artifacts", str(folder / "artifacts")]
    options += ["--cores", str(cores())]
    return [sys.executable, "-m", "deployment.servers.localserver", *options]


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
