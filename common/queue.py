"""Messages to workers, by the task's name and after the commit: a message is a hint, the rows are the truth.

Nothing here raises once the rows are kept, and nothing waits for a broker that hangs: what could not be sent, the
sweeps find, and whoever asked is told.
"""

import logging
import os
import time
from contextvars import ContextVar
from functools import lru_cache

from celery import current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

from common.pause import Pause

logger = logging.getLogger(__name__)
# Work that lost its worker is looked for every few seconds, and its message may wait behind long work meanwhile.
_REMIND_SECONDS = 25.0
_reminded: dict[tuple[object, ...], float] = {}
_unsent: ContextVar[list[str] | None] = ContextVar("unsent", default=None)
# A page is saved within a second, however many messages it would send.
_PATIENCE = {"socket_connect_timeout": 0.4, "socket_timeout": 0.4, "max_retries": 0}
_away = Pause(2.0)


def enqueue(task: str, *arguments: int | str) -> None:
    """Send `task` once the transaction is committed, at once where there is none."""
    transaction.on_commit(lambda: _send(task, arguments), robust=True)


def remind(task: str, *arguments: int | str) -> None:
    """Send `task` again, unless this process did so a moment ago."""
    now, key = time.monotonic(), (task, *arguments)
    for old in [each for each, sent in list(_reminded.items()) if now - sent > _REMIND_SECONDS]:
        _reminded.pop(old, None)
    if key not in _reminded:
        _reminded[key] = now
        enqueue(task, *arguments)


def _send(task: str, arguments: tuple[int | str, ...]) -> None:
    try:
        if _away.lasts:
            raise OperationalError("the broker did not answer a moment ago")
        where = _connection(os.getpid(), current_app.conf.broker_write_url)
        with producers[where].acquire(block=True, timeout=0.4) as producer:
            current_app.send_task(task, arguments, producer=producer, retry=False)
    except (OperationalError, LimitExceeded, OSError) as error:
        if not _away.lasts:
            _away.begin()
        logger.error("%s%s was not sent, the next sweep will find it: %s", task, arguments, error)
        waiting = _unsent.get()
        if waiting is not None:
            waiting.append(task)


@lru_cache(maxsize=1)
def _connection(process: int, url: str) -> Connection:
    """The connection for messages alone: a worker's own must be able to wait for long. A forked process has another."""
    return current_app.connection_for_write(url, transport_options=_PATIENCE, connect_timeout=0.4)


def watch_unsent() -> list[str]:
    """A list that takes the name of every task that cannot be sent from here on, in this context."""
    waiting: list[str] = []
    _unsent.set(waiting)
    return waiting
