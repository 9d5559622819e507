"""The one interface between Touchstone and a server that runs models: the verbs of a version's life there.

A third kind of server (vLLM, say) is one more module with a class of this shape and one line in `drivers.KINDS`;
`docs/drivers.md` goes through it. What each verb promises is held by `tests/deployment/test_driver_contract.py`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from deployment import storage
from deployment.modelfile.parameters import ModelfileError, check_parameter
from deployment.models.formats import FORMATS, GGUF
from deployment.servers.drivers.errors import RefusedError
from deployment.servers.drivers.said import Digests, Measure, ModelEntry, Proof, Rendered, Reply, ServerInfo

# How an answer is chosen: options that may come with every request, without a reload.
SAMPLING = (
    *("temperature", "seed", "top_k", "top_p", "min_p", "typical_p"),
    *("repeat_last_n", "repeat_penalty", "presence_penalty", "frequency_penalty"),
)
# Bytes done, bytes in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Address:
    """Where a server is, and what it may take: seconds to wait for an answer, threads and requests at once."""

    url: str
    key: str
    threads: int
    slots: int
    timeout: float


@dataclass(frozen=True)
class Content:
    """What a tag is made of: a file, or a model that the server has, and what belongs to it, not to the server.

    `name` is the GGUF's in the storage of artifacts and `sha256` its digest; with `source`, the name of a model in the
    server's catalogue, `sha256` is the digest that its manifest must have.

    `adapter` is the name of a GGUF LoRA adapter, and `name` then its base: only because an operator asked for it. Such
    versions share the base's memory, so two of them are never loaded side by side, and every change between them is a
    reload.
    """

    name: str
    sha256: str
    format: str = GGUF
    source: str = ""
    system: str = ""
    template: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    adapter: str = ""

    @property
    def file(self) -> Path:
        """The GGUF on this host. Raises `RefusedError` where there is none."""
        if not self.name:
            what = self.source or "The version"
            raise RefusedError(f"{what} has no file here; it can be staged only where it is in the catalogue.")
        return storage.path_of(self.name)

    @property
    def adapter_file(self) -> Path | None:
        """The adapter on this host, where it lies apart."""
        return storage.path_of(self.adapter) if self.adapter else None

    def check(self, formats: Collection[str]) -> None:
        """Raise `RefusedError` on a format that the server does not serve, and on a parameter that servers would drop
        silently or choke on as they load.
        """
        if self.format not in formats:
            served, title = ", ".join(sorted(formats)), FORMATS.get(self.format, "unknown")
            raise RefusedError(
                f"A server of this kind serves {served}, and the version's file is {self.format} ({title}). Choose in "
                "the serving policy what all of the project's servers serve, then rebuild the version."
            )
        for name, value in self.parameters.items():
            for each in value if isinstance(value, list) else [value]:
                try:
                    check_parameter(name, each)
                except ModelfileError as error:
                    raise RefusedError(f"{error} Correct the decoding of the version's task.") from error


class Driver(Protocol):
    """All raise `TransportError` or `RefusedError`, and where a tag's model is asked for and cannot be loaded
    `ModelBrokenError`. Tags are immutable; aliases move.

    `formats`: the artifacts that may be staged there.
    `shares_runners`: tags with the same served layer share one copy in memory, whichever of them it was loaded by.
    """

    formats: Collection[str]
    shares_runners: bool

    def probe(self) -> ServerInfo:
        """Does it answer, and as what version? One that we cannot serve from is refused, with what to do."""

    def catalogue(self) -> list[ModelEntry]:
        """Every model on the server."""

    def measure(self) -> Measure:
        """What is loaded, and how much may be."""

    def stage(self, tag: str, content: Content, progress: Progress | None = None) -> Digests:
        """Bring the file and create `tag`. Repeating it is harmless; other content under `tag` is refused."""

    def load(self, tag: str, *, seen: str = "") -> None:
        """Have `tag` in memory, ready to answer. `seen`: its digest, where that was just asked for."""

    def unload(self, tag: str) -> None:
        """Free its memory; requests in flight finish."""

    def remove(self, tag: str) -> None:
        """Delete the tag; one that is not there is no error."""

    def digest_of(self, tag: str) -> str:
        """The manifest digest behind a tag or alias; empty where there is none."""

    def digests_of(self, *tags: str) -> tuple[str, ...]:
        """The same for several, asked at once."""

    def names_of(self, digest: str) -> tuple[str, ...]:
        """Tags and aliases of that manifest digest, any of which answers for the others; none where a digest says less
        than all of a tag.
        """

    def move(self, alias: str, tag: str) -> None:
        """Point the alias for outside clients at `tag`."""

    def prove(self, alias: str, tag: str) -> Proof:
        """Does the alias lead to exactly `tag`, and answer? Where a server has no aliases: is `tag` there?"""

    def unreadable(self, alias: str) -> bool:
        """Is the alias broken so that nobody can ask or remove it? A move over it heals it."""

    def render(self, tag: str, messages: list[dict[str, str]], *, thinking: bool = False) -> Rendered:
        """The prompt that `tag` would be given by `chat`. One longer than the context is rendered and counted, too."""

    def chat(
        self,
        tag: str,
        messages: list[dict[str, str]],
        decoding: dict[str, Any],
        schema: dict[str, Any] | None,
        *,
        logprobs: bool = False,
        thinking: bool = False,
    ) -> Reply:
        """One answer of `tag`, held to the JSON schema where one is given; it thinks aloud first only where told to.

        A prompt over the context is a `PromptTooLongError`, never cut.
        """

    def pull(self, name: str, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> bool:
        """Fetch a base model from the server's registry; False where `cancelled` ended it.

        The name leaves the house: only for names that an operator typed, never for one that we made.
        """
