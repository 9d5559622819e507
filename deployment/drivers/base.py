"""The one interface between Touchstone and a server that runs models: the verbs of a version's life there.

A third kind of server (vLLM, say) is one more module with a class of this shape and one line in `drivers.KINDS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Progress = Callable[[int, int], None]


class DriverError(Exception):
    """The server could not do it; the message says what it answered."""


class TransportError(DriverError):
    """No answer, an unreadable one, or a 5xx: another try may succeed."""


class RefusedError(DriverError):
    """The server understood and refused (a 4xx): another try will not help."""


class NotThereError(RefusedError):
    """The server has no model of this tag."""


@dataclass(frozen=True)
class ServerInfo:
    """What a probe learned."""

    version: str
    note: str = ""


@dataclass(frozen=True)
class Artifact:
    """What is staged: the merged GGUF and what belongs to the model itself, not to the server's capacity."""

    path: Path
    sha256: str
    system: str = ""
    template: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Digests:
    """The three digests of a staged version: the file we uploaded, the served layer, the tag's manifest."""

    uploaded: str
    layer: str
    manifest: str


@dataclass(frozen=True)
class Reply:
    """One answer. `logprobs` are natural logarithms, one per generated token; empty where none were asked for."""

    text: str
    latency_ms: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    logprobs: tuple[float, ...] = ()
    complete: bool = True


@dataclass(frozen=True)
class Rendered:
    """A prompt as the server builds it, and its tokens as the server counts them. No text: it cannot show it."""

    text: str | None
    tokens: int


@dataclass(frozen=True)
class ModelEntry:
    """A row of a server's catalogue."""

    tag: str
    digest: str
    size_bytes: int
    loaded: bool


class Driver(Protocol):
    """All raise `TransportError` or `RefusedError`. Tags are immutable; aliases move."""

    def probe(self) -> ServerInfo:
        """Does it answer, and as what version?"""

    def catalogue(self) -> list[ModelEntry]:
        """Every model on the server."""

    def stage(self, tag: str, artifact: Artifact, progress: Progress | None = None) -> Digests:
        """Bring the file and create `tag`. Repeating it is harmless; other content under `tag` is refused."""

    def load(self, tag: str) -> None:
        """Have `tag` in memory, ready to answer."""

    def unload(self, tag: str) -> None:
        """Free its memory; requests in flight finish."""

    def remove(self, tag: str) -> None:
        """Delete the tag; one that is not there is no error."""

    def digest_of(self, tag: str) -> str:
        """The manifest digest behind a tag or alias; empty where there is none."""

    def move(self, alias: str, tag: str) -> None:
        """Point the alias for outside clients at `tag`."""

    def render(self, tag: str, messages: list[dict[str, str]]) -> Rendered:
        """The prompt that `tag` would be given, unanswered. One longer than the context is counted, too."""

    def chat(
        self,
        tag: str,
        messages: list[dict[str, str]],
        decoding: dict[str, Any],
        schema: dict[str, Any] | None,
        *,
        logprobs: bool = False,
    ) -> Reply:
        """One answer of `tag`, held to the JSON schema where one is given."""
