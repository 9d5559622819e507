"""The ways to make a version: a registry, asked for what a method can, never for what it is called. Pure."""

from dataclasses import dataclass
from typing import Protocol

from common.options import Options
from labeling.kinds import Asked, kind_of
from training.engine.config import EngineConfig
from training.engine.finetuning.config import ENOUGH, FinetuneConfig
from training.heads.config import HeadConfig


class Base(Protocol):
    """What a version may be made of."""

    @property
    def is_encoder(self) -> bool:
        """A sentence encoder, else a language model."""


@dataclass(frozen=True)
class Method:
    """One way. `needs` and `yields` are words for people.

    `options` are those of its engine. `task` is the message that has a run worked off, `queue` where workers take it,
    `engine` the module and command that works in its folder. `of_encoder`: its base is a sentence encoder, and training
    profiles say nothing of it. `is_head`: what it makes gives labels probabilities, is asked by no prompt and served as
    ONNX. `has_own_encoder`: its run leaves the encoder, or the language model, beside the head. `with_torch`: its
    workers are those that train language models. `keeps_best`: a run that is stopped early has something worth a
    version; with `keeps_best_from`, once so many validation rows or more have judged it. `no_dry_run`: why none is
    made. `cost`: its place by what an answer of it costs, from cheap to dear, where nobody has measured that yet; an
    encoder answers as fast with its own weights as with those it began with.
    """

    name: str
    title: str
    needs: str
    yields: str
    labels_only: bool = False
    of_encoder: bool = False
    is_head: bool = False
    has_own_encoder: bool = False
    with_torch: bool = True
    keeps_best: bool = True
    keeps_best_from: int = 0
    no_dry_run: str = ""
    options: type[Options] = EngineConfig
    cost: int = 2
    task: str = "training.train_run"
    queue: str = "gpu"
    engine: tuple[str, str] = ("training.engine", "train")

    def obstacle(self, asked: Asked) -> str:
        """Why it cannot answer what a task asks for, in a sentence; empty where it can."""
        kind = kind_of(asked)
        if not self.labels_only or kind.labels_texts:
            return ""
        why = "say them of pieces of a text" if kind.has_labels else "are not made of any"
        return f"{self.title} ({self.name}) learns labels, and answers of the kind “{kind.title}” {why}."

    def misfit(self, base: Base) -> str:
        """Why nothing is made of this base in this way, in a sentence that says what to choose; empty where it fits."""
        if base.is_encoder == self.of_encoder:
            return ""
        if self.of_encoder:
            return (
                f"{self.title} ({self.name}) is made of a sentence encoder, and {base} is a language model. "
                "Choose a sentence encoder as its base, or leave the base open for the one of this installation."
            )
        return (
            f"{base} is a sentence encoder, and {self.title} ({self.name}) is made of a language model. "
            f"Choose a language model as its base, or a method of encoders: {', '.join(_of_encoders())}."
        )


SFT = Method(
    name="sft",
    title="Language model",
    needs="the base's 16-bit weights and a host that trains",
    yields="an adapter that writes answers; merged into its base, it is served as a GGUF file",
    cost=4,
)
LM_HEAD = Method(
    name="lm_head",
    title="Language model with a classification head",
    needs="the base's 16-bit weights and a host that trains",
    yields="a probability for each label; the adapted base and its classification head are served as one ONNX file",
    labels_only=True,
    is_head=True,
    has_own_encoder=True,
    cost=3,
)
HEAD = Method(
    name="head",
    title="Head on a sentence encoder",
    needs="a sentence encoder and a worker on the queue heads; neither torch nor a GPU",
    yields="a calibrated probability for each label; encoder and head are served as one ONNX file",
    labels_only=True,
    of_encoder=True,
    is_head=True,
    with_torch=False,
    keeps_best=False,
    no_dry_run="is fitted in seconds and needs no dry run: start the run itself",
    options=HeadConfig,
    cost=1,
    task="training.fit_head",
    queue="heads",
    engine=("training.heads", "fit"),
)
ENCODER = Method(
    name="encoder",
    title="Fine-tuned sentence encoder",
    needs="a sentence encoder with the weights that it was exported from, and a host that trains",
    yields="a calibrated probability for each label; the trained encoder and its head are served as one ONNX file",
    labels_only=True,
    of_encoder=True,
    is_head=True,
    has_own_encoder=True,
    keeps_best_from=ENOUGH,
    no_dry_run="has no dry run: its run page tells after a pass how long the others take, and a run can be cancelled",
    options=FinetuneConfig,
    engine=("training.engine", "finetune"),
)
METHODS: dict[str, Method] = {method.name: method for method in (SFT, LM_HEAD, HEAD, ENCODER)}


# Of a version by its method: whether it is a head.
HEADS = frozenset(method.name for method in METHODS.values() if method.is_head)


def _of_encoders() -> list[str]:
    return [method.name for method in METHODS.values() if method.of_encoder]


def method_choices() -> list[tuple[str, str]]:
    """The methods for a form, with their titles."""
    return [(name, method.title) for name, method in METHODS.items()]
