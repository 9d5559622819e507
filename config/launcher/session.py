"""One launcher's hold on a `var/` folder: lock, guard, embedded servers, environment, processes."""

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from config.embedded import EmbeddedError, EmbeddedServers, Guard, VarLock, clear, ensure, given_urls
from config.embedded.server import free_port, is_free, reason
from config.launcher import environment
from config.launcher.console import Console
from config.launcher.privacy import keep_private
from config.launcher.processes import processes
from config.launcher.stopping import Stopped, StopRequest
from config.launcher.supervisor import TICK, Supervisor

READY_SECONDS = 180.0
FALLS_ALLOWED = 3


class LauncherError(Exception):
    """Nothing can be started; the text says why and what to do next."""


class Session:
    """Everything that one launcher holds. Use as a context: what was started ends in order, whatever happens."""

    def __init__(self, folder: Path, *, port: int, stop: StopRequest, console: Console, fresh: bool = False) -> None:
        self.folder = folder
        self.port = port
        self.stop = stop
        self.console = console
        self.fresh = fresh
        self.settings: dict[str, str] = {}
        self.model_port: int | None = None
        self.supervisor: Supervisor | None = None
        self._lock = VarLock(folder)
        self._guard: Guard | None = None
        self._servers: EmbeddedServers | None = None
        self._revival = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{environment.prefix()}"

    @property
    def guard(self) -> Guard:
        if self._guard is None:
            raise RuntimeError("the session was not entered")
        return self._guard

    def __enter__(self) -> "Session":
        """Take the folder and start the database and the broker.

        Raises:
            AlreadyRunning, EmbeddedError, Stopped.
        """
        self._lock.acquire()
        try:
            keep_private(self.folder)
            self._guard = Guard(self._lock.descriptor)
            if self.fresh:
                clear(self.folder, self._guard)
            self._start_servers()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start_servers(self) -> None:
        started = time.monotonic()
        embedded = given_urls() is None
        self._servers = ensure(self.folder, guard=self._guard, lock=self._lock)
        if environment.starts_model_server():
            self.model_port = free_port()
        self.settings = environment.build(
            self.folder,
            caches=environment.var_dir(),
            database_url=self._servers.database_url,
            broker_url=self._servers.broker_url,
            embedded=embedded,
            port=self.port,
            model_port=self.model_port or 0,
        )
        if embedded:
            self.console.say(f"PostgreSQL and Valkey are up ({time.monotonic() - started:.1f} s).")
        self.check_stop()

    def check_stop(self) -> None:
        """Raise `Stopped` once somebody has asked to end."""
        if self.stop.wanted:
            raise Stopped

    @property
    def environment(self) -> dict[str, str]:
        """For a command of the caller's own, beside everything that the caller has set."""
        return os.environ | self.settings

    def claim_port(self) -> None:
        """Refuse at once where the web port is taken."""
        if not is_free(self.port):
            raise LauncherError(
                f"Port {self.port} is taken by another program. Choose another one: "
                f"PORT={self.port + 1} before the command, or --port {self.port + 1}."
            )
        self._lock.note(pid=os.getpid(), url=self.url)

    def manage(self, *words: str) -> None:
        """Run `manage.py` with `words`; its output goes to a log, whose end is shown where it fails."""
        log = self.folder / "log" / f"{words[0]}.log"
        offset = log.stat().st_size if log.exists() else 0
        with log.open("ab") as file:
            done = subprocess.Popen(
                [sys.executable, "manage.py", *words],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment.of_processes(self.settings),
                cwd=environment.ROOT,
                start_new_session=True,
            )
            code = self.wait_for(done)
        self.check_stop()
        if code:
            raise LauncherError(f"`manage.py {' '.join(words)}` failed: {reason(log, offset)} (The whole log: {log})")

    def start_processes(self) -> None:
        """Migrate, start web, workers, beat and model server, and wait until /readyz answers."""
        self.claim_port()
        self.set_up()
        self.launch()

    def set_up(self) -> None:
        """What every start needs in the database, and the static files. Raises `LauncherError`."""
        started = time.monotonic()
        self.manage("set_up")
        if "TOUCHSTONE_EMBEDDED" not in self.settings:
            self.manage("collectstatic", "--noinput")
        self.console.say(f"The database is set up ({time.monotonic() - started:.1f} s).")

    def launch(self) -> None:
        """Start web, workers, beat and model server on what is set up, and wait until /readyz answers.

        Raises `LauncherError` where one of them does not start, or does not get ready.
        """
        table = processes(self.folder, port=self.port, model_port=self.model_port)
        (self.folder / "beat").mkdir(exist_ok=True)
        self.supervisor = Supervisor(
            table,
            environment.of_processes(self.settings),
            self.folder / "log",
            self.guard,
            self.console,
            environment.ROOT,
        )
        started = time.monotonic()
        self.supervisor.start()
        self._wait_ready()
        environment.keep(self.folder, self.settings)
        self.console.say(f"Web, workers, beat and model server are up ({time.monotonic() - started:.1f} s).")

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        said = "no answer yet"
        while time.monotonic() < deadline:
            self.tick()
            self.check_stop()
            worst = self.supervisor.worst() if self.supervisor else None
            if worst is not None and worst.falls >= FALLS_ALLOWED:
                raise LauncherError(
                    f"{worst.spec.name} does not start: {reason(worst.log)} (The whole log: {worst.log})"
                )
            ready, said = probe(self.port, self.settings["HEALTH_KEY"])
            silent = self.supervisor.silent() if self.supervisor else []
            if ready and not silent:
                return
            said = f"no sign of life from {', '.join(silent)}" if ready else said
            time.sleep(0.3)  # between two looks
        raise LauncherError(
            f"Touchstone is not ready after {READY_SECONDS:.0f} s: {said}. Look into the logs in {self.folder / 'log'}."
        )

    def tick(self) -> None:
        """One round: watch the processes; bring back a database or broker that ended by itself."""
        if self.supervisor is not None:
            self.supervisor.tick()
        now = time.monotonic()
        if self._servers is not None and now >= self._revival:
            self._revival = now + 1.0
            try:
                for sentence in self._servers.revive():
                    self.console.say(sentence)
            except EmbeddedError as error:
                self.console.say(f"{error} The next try follows in 10 s.")
                self._revival = now + 10.0

    def wait_for(self, process: "subprocess.Popen[bytes]", *, foreground: bool = False) -> int:
        """Watch everything until `process` ends; a request to end is passed on. Returns its exit code."""
        self.guard.add(process.pid, stage=0, signal=15, grace=5.0)
        asked: float | None = None
        while process.poll() is None:
            self.tick()
            time.sleep(TICK)  # between two looks
            if self.stop.wanted and asked is None:
                asked = time.monotonic()
                # From a terminal, Ctrl-C has reached the foreground by itself.
                if not foreground or self.stop.last != 2:
                    process.terminate()
            elif asked is not None and (self.stop.hurry or time.monotonic() - asked > 10.0):
                process.kill()
        self.guard.drop(process.pid)
        return process.returncode

    def _end(self) -> None:
        """End what runs, in order. A second request to end cuts every wait short."""
        environment.forget(self.folder)
        if self.supervisor is not None:
            self.supervisor.stop(lambda: self.stop.hurry)
        if self._servers is not None:
            self._servers.stop(lambda: self.stop.hurry)
        if self._guard is not None:
            self._guard.close()
        self._lock.release()


def probe(port: int, key: str = "") -> tuple[bool, str]:
    """Ask /readyz: (ready, what is missing, which is told for `key` alone)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer ({error})"
    finally:
        connection.close()
    if answer.status == 200:
        return True, "ok"
    try:
        parts = json.loads(body)["parts"]
    except (ValueError, KeyError, TypeError):
        return False, f"status {answer.status}"
    return False, "; ".join(f"{name}: {state}" for name, state in parts.items() if state != "ok")
