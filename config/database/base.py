"""The backend that `ENGINE` names."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from config.database.connection import GuardedConnection


class _Psycopg:
    """psycopg, but for its connections."""

    connect = GuardedConnection.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, on connections that do not wait for a server that is away."""

    Database: Any = _Psycopg()
