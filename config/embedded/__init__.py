"""The embedded servers: PostgreSQL and Valkey from wheels, on loopback, with their data under `var/`.

Only the launcher and the test session start them. Nothing in here imports Django.
"""

from config.embedded.errors import EmbeddedError
from config.embedded.guard import Guard
from config.embedded.lock import AlreadyRunning, VarLock
from config.embedded.secrets import secret
from config.embedded.servers import EmbeddedServers, clear, ensure, given_urls

__all__ = [
    "AlreadyRunning",
    "EmbeddedError",
    "EmbeddedServers",
    "Guard",
    "VarLock",
    "clear",
    "ensure",
    "given_urls",
    "secret",
]
