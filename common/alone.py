"""Work that is done by one process at a time, whatever host it is on; those who come meanwhile do nothing.

By an advisory lock of the database's session: it ends with its holder's connection, so a killed process leaves none.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection


@contextmanager
def alone(what: str) -> Iterator[bool]:
    """True in the block for the one who does `what` now, False for everybody else."""
    key = int.from_bytes(hashlib.blake2b(what.encode(), digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            _give_back(key)


def _give_back(key: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
    except Error:
        connection.close()  # and the lock with it
