"""The processes of one machine, in the order in which they end: web, workers, beat, model server."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGQUIT, SIGTERM, Signals


@dataclass(frozen=True)
class Process:
    """A command to keep running. `ending`: signals and the seconds each is given; then follows SIGKILL."""

    name: str
    command: list[str]
    stage: int
    ending: tuple[tuple[Signals, float], ...] = ((SIGTERM, 10.0),)
    environment: dict[str, str] = field(default_factory=dict)


# Celery: SIGTERM lets tasks finish, SIGQUIT drops them. Their rows are claimed by lease, so dropped work goes on later.
_SHORT = ((SIGTERM, 15.0), (SIGQUIT, 5.0))
# A training outlives any patience: its engine saves checkpoints and goes on from the last one.
_LONG = ((SIGTERM, 3.0), (SIGQUIT, 5.0))


def processes(folder: Path, *, port: int, model_port: int | None) -> list[Process]:
    """Everything beside the servers. `model_port` None: the model server is somebody else's."""
    table = [
        Process("web", _web(port), 0, ((SIGTERM, 12.0),)),
        Process("worker", _worker("default", "-c", "2"), 1, _SHORT),
        # A child that grew on a heavy import is replaced, so that idle workers stay small.
        Process("worker-build", _worker("build", "-c", "1", "--max-memory-per-child=600000"), 1, _SHORT),
        # One task here lasts hours and only watches a subprocess: a thread does, and time limits do not apply.
        Process("worker-gpu", _worker("gpu", "-c", "1", "--pool=threads"), 1, _LONG),
        Process("beat", _celery("beat", f"--schedule={folder / 'beat' / 'schedule'}"), 2),
    ]
    if model_port:
        table.append(Process("models", _model_server(folder, model_port), 3, ((SIGTERM, 10.0), (SIGINT, 2.0))))
    return table


def _web(port: int) -> list[str]:
    options = ["--worker-class=gthread", "--workers=1", "--threads=8", f"--bind=127.0.0.1:{port}"]
    # The control socket would lie in the home folder, one for all instances.
    options += ["--graceful-timeout=10", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", "config.wsgi:application", *options]


def _worker(queue: str, *options: str) -> list[str]:
    quiet = ["--without-gossip", "--without-mingle", "--loglevel=INFO"]
    return _celery("worker", "-Q", queue, "-n", f"{queue}@%h", *quiet, *options)


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "config", *words]


def _model_server(folder: Path, port: int) -> list[str]:
    options = ["--host", "127.0.0.1", "--port", str(port)]
    options += ["--state-dir", str(folder / "localserver"), "--cores", str(cores())]
    return [sys.executable, "-m", "deployment.localserver", *options]


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
