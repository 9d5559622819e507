"""Fetching a base model from the registry that the server knows."""

from collections.abc import Callable

import ollama

from deployment.servers.drivers.base import Progress
from deployment.servers.drivers.errors import NotThereError, RefusedError, TransportError
from deployment.servers.drivers.ollama_calls import errors
from training.server_names import is_ours


def pull(client: ollama.Client, name: str, progress: Progress | None, cancelled: Callable[[], bool] | None) -> bool:
    """See `Driver.pull`. Progress is summed over the layers known so far, so its total grows at the beginning."""
    if not name or is_ours(name):
        raise RefusedError(f"{name!r} is no base model of a registry; name one, as in 'smollm2:135m'.")
    layers: dict[str, tuple[int, int]] = {}
    try:
        with errors(f"pull {name}"):
            lines = client.pull(name, stream=True)
            for line in lines:
                if cancelled and cancelled():
                    # Leaving the loop closes the connection, and with it the server's download.
                    lines.close()  # type: ignore[attr-defined]  # a generator, though typed as an iterator
                    return False
                if line.digest and line.total:
                    layers[line.digest] = (line.completed or 0, line.total)
                    _tell(progress, layers)
                if line.status == "success":
                    # Small layers are there before anything of them was counted.
                    _tell(progress, {digest: (size, size) for digest, (_, size) in layers.items()})
                    return True
    except TransportError as error:
        if "file does not exist" in str(error):
            raise NotThereError(f"The server's registry has no model {name!r}; check its spelling.") from error
        raise
    raise TransportError(f"pull {name}: the server ended in the middle; try again")


def _tell(progress: Progress | None, layers: dict[str, tuple[int, int]]) -> None:
    if progress and layers:
        progress(sum(done for done, _ in layers.values()), sum(size for _, size in layers.values()))
