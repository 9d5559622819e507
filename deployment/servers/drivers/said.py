"""What a server says of itself and its models, whatever its kind."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from common.text import storable

# As `InferenceServer.version` keeps it.
LONGEST_VERSION = 60


class Said:
    """What a server says of itself and its models, made storable here, where a driver reads it, and nowhere else."""

    def __post_init__(self) -> None:
        for each in fields(self):  # type: ignore[arg-type]  # those that are derived are dataclasses
            value = getattr(self, each.name)
            if isinstance(value, str):
                object.__setattr__(self, each.name, storable(value))
            elif isinstance(value, tuple) and all(isinstance(part, str) for part in value):
                object.__setattr__(self, each.name, tuple(map(storable, value)))


@dataclass(frozen=True)
class ServerInfo(Said):
    """What a probe learned. `adapters`: a LoRA adapter may be staged beside its base.

    `broken` are tags whose file is gone or not whole, from a server that can tell; what is in memory answers still.
    """

    version: str
    adapters: bool = False
    broken: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        # Cut here alone, so that a look compares what it reads with what a row kept.
        object.__setattr__(self, "version", self.version[:LONGEST_VERSION])


@dataclass(frozen=True)
class Digests:
    """The three digests of a staged version: the file we uploaded, the served layer, the tag's manifest."""

    uploaded: str
    layer: str
    manifest: str


@dataclass(frozen=True)
class HeadSaid(Said):
    """What only a head can say of its answer: how sure it is, and the probability of each label.

    `cut`: the text is longer than the `limit` in tokens, and its rest was not read. `unknown`: it is mostly in
    characters that the encoder does not have. `framed`: the limit counts instruction and template, too.
    """

    confidence: float
    probabilities: Mapping[str, float]
    cut: bool
    unknown: bool
    limit: int
    framed: bool = False

    @property
    def note(self) -> str:
        """What people should know of how the text was read; empty where it was read whole."""
        what = "Instruction and text together are" if self.framed else "The text is"
        rest = "the text's" if self.framed else "its"
        said = [f"{what} longer than the {self.limit} tokens that are read; {rest} rest was not read."] * self.cut
        said += ["The text is mostly in characters that the encoder does not know."] * self.unknown
        return " ".join(said)


@dataclass(frozen=True)
class Reply(Said):
    """One answer, and what the model thought before it, where the server tells them apart; of a head what it says.

    `logprobs` are natural logarithms of its tokens' probabilities; empty where none were asked for.

    The end token counts as generated but has none, so a whole answer has one fewer than `completion_tokens`.
    """

    text: str
    latency_ms: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    logprobs: tuple[float, ...] = ()
    complete: bool = True
    reasoning: str = ""
    head: HeadSaid | None = None

    @property
    def whole(self) -> str:
        """All that the model wrote, its thoughts in the marks in which answers are read."""
        return f"<think>\n{self.reasoning.strip()}\n</think>\n\n{self.text}" if self.reasoning.strip() else self.text


@dataclass(frozen=True)
class Rendered:
    """A prompt as the server builds it, and its tokens as the server counts them.

    `tokens` is None for a prompt that the server refuses as longer than the context without saying its count.
    """

    text: str
    tokens: int | None


@dataclass(frozen=True)
class ModelEntry(Said):
    """A row of a server's catalogue; empty or 0 where the server does not say. `context` in tokens."""

    tag: str
    digest: str
    size_bytes: int
    loaded: bool
    quantization: str = ""
    context: int = 0
    family: str = ""
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadedModel(Said):
    """A model in memory: bytes that it takes there, tokens per request. `tag` is the name that it was loaded by."""

    tag: str
    digest: str
    memory_bytes: int
    context: int


@dataclass(frozen=True)
class Measure:
    """What is in a server's memory, and its limits as far as it tells them; None where it does not."""

    loaded: tuple[LoadedModel, ...]
    memory_bytes: int | None = None
    free_bytes: int | None = None
    max_loaded: int | None = None


@dataclass(frozen=True)
class Proof:
    """Whether outside clients are served by a tag; `digest` is what was compared, the sentence says what was seen."""

    ok: bool
    sentence: str
    digest: str = ""
