"""What a project asks for: the frozen `Spec` of a task, and the kinds of answer it may want.

A kind is a module here, a scorer in `evaluation/scorers/`, and two templates (`labeling/answers/`, `labeling/fields/`);
`KINDS` is the registry. Whoever stands outside asks a kind what it can, never what it is called. Nothing here touches
Django or the disk.
"""

from typing import Any, Protocol

from labeling.decoding import DEFAULT_DECODING
from labeling.kinds.base import KINDS, Answer, AnswerError, Kind, NoLongerFitsError, SchemaError, SpecError, shown
from labeling.kinds.change import Change
from labeling.kinds.inputs import Input, InputError, InputForm, whole
from labeling.kinds.multi_label import MultiLabel
from labeling.kinds.record import Record
from labeling.kinds.single_label import SingleLabel
from labeling.kinds.spans import Spans
from labeling.kinds.spec import MAX_LABELS, LabelDef, Spec, find_label, fold
from labeling.kinds.text import FreeText

KINDS |= {kind.name: kind for kind in (MultiLabel(), SingleLabel(), Spans(), FreeText(), Record())}


class Asked(Protocol):
    """A project, a task's spec, or its row."""

    @property
    def kind(self) -> str:
        """The name of the kind."""


def kind_of(asked: Asked) -> Kind:
    """The kind of answer that is asked for."""
    return KINDS[asked.kind]


def kind_choices() -> list[tuple[str, str]]:
    """The kinds for a form, with their titles."""
    return [(name, kind.title) for name, kind in KINDS.items()]


def json_schema(spec: Spec) -> dict[str, Any] | None:
    """The JSON schema of an answer to `spec`, or None where the answer is plain text."""
    return KINDS[spec.kind].schema(spec)


def canonical(spec: Spec, answer: Any, input: Input | None) -> Answer:
    """The stored form of an answer given by a person or a file, to a question about `input` (None: it is not kept).

    Takes the stored form itself, or what the kind takes for it. Raises `AnswerError` where it is no answer to the task.
    """
    return KINDS[spec.kind].canonical(spec, answer, input)


def validate_answer(spec: Spec, answer: Any, input: Input | None) -> None:
    """Raise `AnswerError` unless `answer` is exactly the stored form of an answer to `spec`."""
    wanted = canonical(spec, answer, input)
    if answer != wanted:
        raise AnswerError(f"The answer is not in its stored form; write it as {shown(wanted)}.")


def dumps(spec: Spec, answer: Answer, input: Input | None) -> str:
    """The exact text that a model is trained to write for `answer`."""
    return KINDS[spec.kind].dumps(spec, canonical(spec, answer, input), input)


__all__ = [
    "DEFAULT_DECODING",
    "KINDS",
    "MAX_LABELS",
    "Answer",
    "AnswerError",
    "Asked",
    "Change",
    "Input",
    "InputError",
    "InputForm",
    "Kind",
    "LabelDef",
    "NoLongerFitsError",
    "SchemaError",
    "Spec",
    "SpecError",
    "canonical",
    "dumps",
    "find_label",
    "fold",
    "json_schema",
    "kind_choices",
    "kind_of",
    "validate_answer",
    "whole",
]
