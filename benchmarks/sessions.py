"""A Touchstone of the benchmark's own: servers and processes by the launcher, on an empty `var/bench/project`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from config.embedded.server import free_port
from config.launcher.console import Console
from config.launcher.environment import ROOT
from config.launcher.session import LauncherError, Session
from config.launcher.stopping import StopRequest

Prepare = Callable[[Session], None]


class MissingError(Exception):
    """Something from outside the project is wanted; the text says what to give."""


def database(session: Session) -> None:
    """The database alone, set up and empty."""
    session.manage("set_up")


def running(session: Session) -> None:
    """Everything that `make serve` runs."""
    session.start_processes()


def played(session: Session) -> None:
    """The same, after the demo on the tiny model: two versions, the newer one live. Takes the Ollama at OLLAMA_HOST."""
    running(session)
    words = ["manage.py", "demo", "--base", "tiny", "--url", session.url, "--folder", str(session.folder)]
    if code := _foreground(session, words):
        raise LauncherError(f"The demo that the benchmark starts from failed (exit code {code}).")


def measure(name: str, arguments: list[str], prepare: Prepare, folder: Path) -> int:
    """Start, prepare, measure in a process that has the session's environment, end everything."""
    home, stop = folder / "project", StopRequest().install()
    console = Console(home / "log", lines=False)
    with Session(home, port=free_port(), stop=stop, console=console, fresh=True) as session:
        prepare(session)
        session.check_stop()
        return _foreground(session, ["-m", "benchmarks.inside", name, str(folder), *arguments])


def _foreground(session: Session, words: list[str]) -> int:
    process = subprocess.Popen([sys.executable, *words], env=session.environment, cwd=ROOT)
    return session.wait_for(process, foreground=True)
