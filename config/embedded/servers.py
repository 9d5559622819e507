"""`ensure`: both servers up on one `var/` folder, or the ones that the environment names."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.guard import Guard
from config.embedded.lock import NAME as LOCK_NAME
from config.embedded.lock import VarLock
from config.embedded.server import Server


class EmbeddedServers:
    """Running servers. `stop()` ends what was started here, the broker first, then the database."""

    def __init__(self, database_url: str, broker_url: str, servers: list[Server], guard: Guard | None = None) -> None:
        self.database_url = database_url
        self.broker_url = broker_url
        self.servers = servers
        self._own_guard = guard
        self._own_lock: VarLock | None = None

    def revive(self) -> list[str]:
        """Start again, on its old port, each server that ended by itself or hangs; a sentence about each."""
        sentences = []
        for server in self.servers:
            if not server.alive:
                server.stop()
                what = "had ended"
            elif server.hangs():
                server.stop(hurry=lambda: True)
                what = "did not answer any more and was ended"
            else:
                continue
            server.start()
            sentences.append(f"{server.name} {what}; it runs again.")
        return sentences

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End the servers in order, and the guard and lock where they were made here. Twice does no harm.

        `hurry` true: the waits are cut short.
        """
        for server in sorted(self.servers, key=lambda server: server.stage):
            server.stop(hurry)
        self.servers = []
        if self._own_guard is not None:
            self._own_guard.close()
        if self._own_lock is not None:
            self._own_lock.release()

    def keep(self, lock: VarLock) -> None:
        """Release `lock` when the servers have stopped."""
        self._own_lock = lock


def given_urls() -> tuple[str, str] | None:
    """DATABASE_URL and CELERY_BROKER_URL (or their _FILE forms, read later by the settings), None without both.

    Raises:
        EmbeddedError: only one of them is set.
    """
    database, broker = (_given(name) for name in ("DATABASE_URL", "CELERY_BROKER_URL"))
    if bool(database) != bool(broker):
        there, missing = ("DATABASE_URL", "CELERY_BROKER_URL") if database else ("CELERY_BROKER_URL", "DATABASE_URL")
        raise EmbeddedError(
            f"{there} is set but {missing} is not: set both for servers of your own, or none for the embedded ones."
        )
    return (database, broker) if database else None


def _given(name: str) -> str:
    value = os.environ.get(name, "")
    path = os.environ.get(f"{name}_FILE")
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EmbeddedError(f"{name}_FILE={path} cannot be read: {error.strerror}.") from error
    return value


def ensure(
    var_dir: Path, *, guard: Guard | None = None, lock: VarLock | None = None, durable: bool = True
) -> EmbeddedServers:
    """PostgreSQL and Valkey, ready for connections.

    Where DATABASE_URL and CELERY_BROKER_URL are set, those are returned and nothing is started or imported.
    Else both are started as child processes on free loopback ports, with their data in `var_dir`. A caller that
    holds the folder's lock and a guard passes them; otherwise they are made here and end with `stop()`.
    `durable=False` trades safety against power loss for speed: for tests only.

    Raises:
        EmbeddedError: no wheel for this platform, or a server does not start.
        AlreadyRunning: another launcher holds `var_dir`.
    """
    if urls := given_urls():
        return EmbeddedServers(*urls, servers=[])
    var_dir = var_dir.resolve()
    own_lock = None if lock else VarLock(var_dir).acquire()
    held = lock or own_lock
    own_guard = None if guard else Guard(held.descriptor if held else None)
    watcher = guard or own_guard
    assert watcher is not None
    servers = EmbeddedServers("", "", [], own_guard)
    if own_lock:
        servers.keep(own_lock)
    try:
        database, broker = _both(var_dir, watcher, durable=durable)
        for server in (database, broker):
            servers.servers.append(server)
            server.start()
    except BaseException:
        servers.stop()
        raise
    servers.database_url, servers.broker_url = database.url, broker.url
    return servers


def clear(var_dir: Path, guard: Guard) -> None:
    """Empty `var_dir`, whose lock the caller holds, for a fresh start; servers still running in it are ended first."""
    if given_urls() is None:
        for server in _both(var_dir.resolve(), guard, durable=True):
            server.end_leftover()
    for path in var_dir.iterdir():
        if path.name == LOCK_NAME:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _both(var_dir: Path, guard: Guard, *, durable: bool) -> tuple[Server, Server]:
    # Imported here: with servers of one's own nothing of the embedded ones is loaded.
    from config.embedded.postgres import Postgres
    from config.embedded.valkey import Valkey

    return Postgres(var_dir, guard, durable=durable), Valkey(var_dir, guard, durable=durable)
