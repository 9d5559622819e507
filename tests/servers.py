"""The servers that the test session runs on: the embedded ones in a temporary folder, or the ones given by URL."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.embedded import ensure


@contextlib.contextmanager
def test_servers() -> Iterator[tuple[str, str]]:
    """Yield (database_url, broker_url). Embedded servers write without fsync: a lost test database costs nothing."""
    # As root the database runs under another account, which must reach the folder; its data stay private.
    with tempfile.TemporaryDirectory(prefix="touchstone-servers-") as folder:
        Path(folder).chmod(0o711 if os.geteuid() == 0 else 0o700)
        servers = ensure(Path(folder), durable=False)
        try:
            yield servers.database_url, servers.broker_url
        finally:
            servers.stop()


test_servers.__test__ = False  # type: ignore[attr-defined]  # a helper, not a test
