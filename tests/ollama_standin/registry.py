"""The public registry, as it looks from a machine without a way out, and a few models that tests put there."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.ollama_standin.errors import PLAIN, HTTPError
from tests.ollama_standin.facts import Facts
from tests.ollama_standin.names import full
from tests.ollama_standin.store import Model, Store

# Every name that left the house, so that a test can see that none of ours did.
LOOKUPS: list[str] = []


def not_found(name: str) -> HTTPError:
    """The registry cannot be reached, but the name was on its way there."""
    LOOKUPS.append(name)
    path, _, tag = full(name).rpartition(":")
    host, _, rest = path.partition("/") if "." in path.partition("/")[0] else ("registry.ollama.ai", "", path)
    rest = rest if "/" in rest else f"library/{rest}"
    url = f"https://{host}/v2/{rest}/manifests/{tag}"
    return HTTPError(500, f'pull model manifest: Get "{url}": dial tcp: lookup {host}: no such host', PLAIN)


@dataclass
class Registry:
    """`POST /_registry {"model", "size", "steps", "pause"}` puts a model there; `pause` is seconds between steps."""

    store: Store
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, body: dict[str, Any]) -> None:
        self.known[full(body["model"])] = body

    def pull(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of a streamed pull; nothing is left of one that is broken off."""
        yield {"status": "pulling manifest"}
        found = self.known.get(full(name))
        if found is None:
            raise not_found(name)
        LOOKUPS.append(name)
        content = f"GGUF pulled {full(name)} ".encode().ljust(found.get("size", 1000), b".")
        steps, layer = found.get("steps", 4), _digest(content)
        for step in range(1, steps + 1):
            yield {**_pulling(layer, len(content)), "completed": len(content) * step // steps}
            time.sleep(found.get("pause", 0))
        # What describes the model is so small that it is there before anything of it was counted.
        yield _pulling(_digest(name.encode()), 200)
        yield {"status": "verifying sha256 digest"}
        yield {"status": "writing manifest"}
        self.store.write(layer, content)
        self.store.put(name, Model({"model": layer}, Facts(), len(content)))
        yield {"status": "success"}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _pulling(layer: str, total: int) -> dict[str, Any]:
    return {"status": f"pulling {layer[7:19]}", "digest": layer, "total": total}
