"""The web process as the launcher starts it, on the test database: no thread of the test shares its interpreter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launcher.processes import processes
from tests.processes import alive, free_port


@contextmanager
def web_process(env: dict[str, str], folder: Path) -> Iterator[str]:
    """Its URL. Fails with its log where it does not come up; ended with the block."""
    port = free_port()
    (web,) = (each for each in processes(folder, port=port, model_port=None) if each.name == "web")
    with alive(web.command, port, env, folder / "web.log") as url:
        yield url
