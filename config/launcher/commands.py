"""`serve`, `demo`, `run` and `env`."""

import os
import subprocess
import sys
import time
from pathlib import Path

from config.embedded import VarLock, given_urls
from config.embedded.lock import is_held
from config.launcher import environment
from config.launcher.console import Console
from config.launcher.first import print_link
from config.launcher.session import LauncherError, Session
from config.launcher.stopping import Stopped, StopRequest
from config.launcher.supervisor import TICK

_INTERRUPTED = 130


def serve(port: int) -> int:
    """Everything up until Ctrl-C."""
    folder = environment.var_dir()
    console, stop = Console(folder / "log"), StopRequest().install()
    try:
        with Session(folder, port=port, stop=stop, console=console) as session:
            session.start_processes()
            _say_where(console, session)
            _say_how_to_begin(console, session)
            _stay(session)
            console.say("Ending everything; a second Ctrl-C hurries.")
    except Stopped:
        return _INTERRUPTED
    console.say("All ended.")
    return 0


def demo(base: str, port: int, *, headless: bool, keep: bool) -> int:
    """Everything up on an empty database of the demo's own, then the demo itself in the foreground.

    `keep` brings the state of the last demo up again instead of playing a new one.
    """
    folder = environment.var_dir() / "demo"
    console, stop = Console(folder / "log", lines=False), StopRequest().install()
    if given_urls() is not None:
        console.say("The demo uses the database at DATABASE_URL, which must be empty. Unset it for the embedded one.")
    code = 0
    try:
        with Session(folder, port=port, stop=stop, console=console, fresh=not keep) as session:
            console.say(f"Logs: {folder / 'log'}")
            session.start_processes()
            if not keep:
                code = _play(session, base)
            if code == 0 and not headless and not stop.wanted:
                _say_where(console, session)
                _stay(session)
            console.say("Ending everything.")
    except Stopped:
        return _INTERRUPTED
    return code if code or not stop.wanted or not headless else _INTERRUPTED


def _play(session: Session, base: str) -> int:
    words = ["manage.py", "demo", "--base", base, "--url", session.url, "--folder", str(session.folder)]
    session.console.quiet = True
    try:
        code = session.wait_for(_foreground([sys.executable, *words], session.environment), foreground=True)
    finally:
        session.console.quiet = False
    if code and not session.stop.wanted:
        session.console.say(f"The demo failed (exit code {code}). Logs: {session.folder / 'log'}")
    return _exit_code(code)


def run(command: list[str], port: int) -> int:
    """One command with the servers up: those of the launcher that runs on this folder, or its own meanwhile."""
    folder = environment.var_dir()
    stop = StopRequest()
    # Ctrl-C belongs to the command, as in a shell.
    stop.ignore_interrupt = True
    stop.install()
    if is_held(folder):
        settings = _join(folder)
        process = _foreground(command, os.environ | settings)
        while process.poll() is None:
            time.sleep(TICK)  # between two looks
            if stop.wanted:
                process.terminate()
        return _exit_code(process.returncode)
    console = Console(folder / "log", quiet=True)
    try:
        with Session(folder, port=port, stop=stop, console=console) as session:
            return _exit_code(session.wait_for(_foreground(command, session.environment), foreground=True))
    except Stopped:
        return _INTERRUPTED


def env() -> int:
    """Print what a shell must export to work beside the running launcher."""
    folder = environment.var_dir()
    settings = environment.of_running(folder)
    if settings is None:
        raise LauncherError(f"Nothing runs on {folder}. Start it first: `make serve`.")
    sys.stdout.write(environment.exports(settings) + "\n")
    return 0


def _join(folder: Path) -> dict[str, str]:
    settings = environment.of_running(folder)
    if settings is not None:
        return settings
    # It is starting or ending: say who holds the folder.
    VarLock(folder).acquire(patience=0).release()
    raise LauncherError(f"The launcher on {folder} has just ended; try again.")


def _foreground(command: list[str], settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start `command` on this terminal. `python` is ours, so that it has the packages."""
    words = [sys.executable if command[0] in ("python", "python3") else command[0], *command[1:]]
    if words[0] == "manage.py":
        words.insert(0, sys.executable)
    try:
        return subprocess.Popen(words, env=settings, cwd=environment.ROOT)
    except OSError as error:
        raise LauncherError(f"{words[0]} cannot be started: {error.strerror}.") from error


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


def _stay(session: Session) -> None:
    while not session.stop.wanted:
        session.tick()
        time.sleep(TICK)  # between two looks


def _say_how_to_begin(console: Console, session: Session) -> None:
    try:
        print_link(session)
    except LauncherError as error:
        # Everything else is up, and who can log in already needs no link.
        console.say(str(error))


def _say_where(console: Console, session: Session) -> None:
    console.say("")
    console.say(f"Touchstone is ready: {session.url}")
    console.say(f"  admin {session.url}/admin/   API {session.url}/api/v1/docs   logs {session.folder / 'log'}")
    console.say("  Ctrl-C ends everything.")
