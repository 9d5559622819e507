"""What a project asks for: the frozen `Spec` of a task, and the kinds of answer it may want.

A kind knows the shape of its answers: the JSON schema that a model server is held to, the stored form, and the
exact text that a model is trained to write. `KINDS` is the registry; a new kind is one more entry there and one
reader in `labeling.answers`. Nothing here touches Django or the disk.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from common.text import nfkc, stream_safe
from labeling.marks import neutralise

Answer = dict[str, Any]

MULTI_LABEL = "multi_label"
SINGLE_LABEL = "single_label"
TEXT = "text"

DEFAULT_DECODING: dict[str, Any] = {"temperature": 0.0, "seed": 7, "num_predict": 128, "num_ctx": 2048}

# More than a person can choose from, and than a server's grammar takes in seconds.
MAX_LABELS = 5000

# A label with a line break or half a chat mark could not be written into a prompt as it stands.
_BAD_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|<\||\|>")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_GAPS = re.compile(r"[\s_\-]+")


class SpecError(ValueError):
    """The description of a task contradicts itself; the message says what to change."""


class AnswerError(ValueError):
    """A value is no answer to this task; the message says what to do."""


@dataclass(frozen=True)
class LabelDef:
    """One label: the exact name that answers use, and a description for the prompt (may be empty).

    `id` outlives the name, and `merged` holds the ids of labels that were merged into this one; both may be empty
    where a spec is made by hand (see `labeling.carrying`).
    """

    name: str
    description: str = ""
    id: str = ""
    merged: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What stays the same when the label is renamed; the name itself where there is no id."""
        return self.id or self.name


@dataclass(frozen=True)
class Spec:
    """All that decides how a text is asked about and how the answer is read.

    `max_labels` 0 means no limit but the number of labels. `prompt_template` is the user message, with `{text}`
    where the text goes. `decoding` holds the request's own options (see `DEFAULT_DECODING`).
    Raises `SpecError` when built from values that contradict each other.
    """

    kind: str
    instruction: str
    labels: tuple[LabelDef, ...] = ()
    max_labels: int = 0
    prompt_template: str = "{text}"
    decoding: dict[str, Any] = field(default_factory=lambda: dict(DEFAULT_DECODING), hash=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SpecError(f"Unknown kind {self.kind!r}; choose one of {', '.join(KINDS)}.")
        if "{text}" not in self.prompt_template:
            raise SpecError("The prompt template has no {text}; put {text} where the text goes.")
        if KINDS[self.kind].uses_labels:
            _check_labels(self)
        elif self.labels:
            raise SpecError(f"A task of kind {self.kind} has no labels; remove them.")

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """The labels' names, in the project's order."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def named(self) -> dict[str, LabelDef]:
        """The labels by name, in the project's order."""
        return {label.name: label for label in self.labels}

    @cached_property
    def folded(self) -> dict[str, list[str]]:
        """The labels' names by their folded form, for reading what a model or a person wrote."""
        found: dict[str, list[str]] = {}
        for name in self.label_names:
            found.setdefault(fold(name), []).append(name)
        return found

    @property
    def label_limit(self) -> int:
        """How many labels one answer may hold."""
        return min(self.max_labels or len(self.labels), len(self.labels))


@dataclass(frozen=True)
class Kind:
    """One kind of answer: the functions that give its schema, its stored form, and the text to train on."""

    name: str
    title: str
    uses_labels: bool
    schema: Callable[[Spec], dict[str, Any] | None]
    canonical: Callable[[Spec, Any], Answer]
    dumps: Callable[[Spec, Answer], str]


def json_schema(spec: Spec) -> dict[str, Any] | None:
    """The JSON schema of an answer to `spec`, or None where the answer is plain text."""
    return KINDS[spec.kind].schema(spec)


def canonical(spec: Spec, answer: Any) -> Answer:
    """The stored form of an answer given by a person or a file: labels once each, in the project's order.

    Takes the stored form itself, or its bare content (a list of names, one name, a text); label names may differ
    in case and spacing. Raises `AnswerError` where it is no answer to the task.
    """
    return KINDS[spec.kind].canonical(spec, answer)


def validate_answer(spec: Spec, answer: Any) -> None:
    """Raise `AnswerError` unless `answer` is exactly the stored form of an answer to `spec`."""
    wanted = canonical(spec, answer)
    if answer != wanted:
        raise AnswerError(f"The answer is not in its stored form; write it as {_show(wanted)}.")


def dumps(spec: Spec, answer: Answer) -> str:
    """The exact text that a model is trained to write for `answer`."""
    return KINDS[spec.kind].dumps(spec, canonical(spec, answer))


def fold(name: str) -> str:
    """A label's name without case, and with every run of spaces, underscores and hyphens as one space."""
    return _GAPS.sub(" ", nfkc(name).casefold()).strip()


def find_label(spec: Spec, name: Any) -> str:
    """The label that `name` means: the exact name first, else the only one equal by case and spacing.

    Raises `AnswerError` where there is none, or more than one.
    """
    if not isinstance(name, str):
        raise AnswerError(f"{_show(name)} is not the name of a label; give label names as text.")
    if name in spec.named:
        return name
    close = spec.folded.get(fold(name), [])
    if not close:
        raise AnswerError(f"Unknown label {_show(name)}; use one of the project's labels.")
    if len(close) > 1:
        raise AnswerError(f"The label {_show(name)} may mean {' or '.join(map(repr, close))}; write it exactly.")
    return close[0]


def storable(text: str) -> str:
    """`text` with what a database cannot hold (NUL, half surrogate pairs) replaced by U+FFFD.

    Runs of more than thirty combining marks are broken up: whoever normalises the text later (Django's filters do)
    would take seconds over them.
    """
    return stream_safe(_UNSTORABLE.sub("\ufffd", text))


def _check_labels(spec: Spec) -> None:
    names = spec.label_names
    if not names:
        raise SpecError(f"A task of kind {spec.kind} needs labels; add at least one.")
    if len(names) > MAX_LABELS:
        raise SpecError(f"{len(names)} labels are too many; at most {MAX_LABELS} fit one task.")
    for name, count in Counter(names).items():
        if count > 1:
            raise SpecError(f"The label {name!r} is there {count} times; keep one.")
        if not name.strip() or name != name.strip() or _BAD_IN_NAME.search(name):
            raise SpecError(f"{name!r} cannot be a label: no edge spaces, line breaks or chat marks; rename it.")
        if neutralise(name) != name:
            raise SpecError(
                f"{name!r} cannot be a label: models read it as a mark of their own, so prompts would write it as "
                f"{neutralise(name)!r}; rename it."
            )
    if spec.max_labels < 0:
        raise SpecError(f"max_labels is {spec.max_labels}; choose 0 (no limit) or more.")


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _content(answer: Any, key: str) -> Any:
    """What stands under the kind's one key, or the value itself where it is bare."""
    if not isinstance(answer, dict):
        return answer
    if set(answer) != {key}:
        raise AnswerError(f"The answer must be an object with the one key {key!r}, not {_show(answer)}.")
    return answer[key]


def _multi_schema(spec: Spec) -> dict[str, Any]:
    # No uniqueItems: llama.cpp's grammars ignore it. maxItems must be there, or a small model never ends the list.
    items = {"type": "string", "enum": list(spec.label_names)}
    labels = {"type": "array", "items": items, "minItems": 0, "maxItems": spec.label_limit}
    return {"type": "object", "properties": {"labels": labels}, "required": ["labels"], "additionalProperties": False}


def _multi_canonical(spec: Spec, answer: Any) -> Answer:
    content = _content(answer, "labels")
    names = [content] if isinstance(content, str) else content
    if not isinstance(names, list | tuple):
        raise AnswerError(f"{_show(content)} is not a list of labels; give the labels as a list.")
    chosen = {find_label(spec, name) for name in names}
    if len(chosen) > spec.label_limit:
        raise AnswerError(f"{len(chosen)} labels where at most {spec.label_limit} are allowed; choose fewer.")
    return {"labels": [name for name in spec.label_names if name in chosen]}


def _single_schema(spec: Spec) -> dict[str, Any]:
    label = {"type": "string", "enum": list(spec.label_names)}
    return {"type": "object", "properties": {"label": label}, "required": ["label"], "additionalProperties": False}


def _single_canonical(spec: Spec, answer: Any) -> Answer:
    content = _content(answer, "label")
    if isinstance(content, list | tuple):
        chosen = {find_label(spec, name) for name in content}
        if len(chosen) != 1:
            raise AnswerError(f"{len(chosen)} labels where exactly one is wanted; choose one.")
        return {"label": chosen.pop()}
    return {"label": find_label(spec, content)}


def _text_canonical(spec: Spec, answer: Any) -> Answer:
    content = _content(answer, "text")
    if not isinstance(content, str) or not content.strip():
        raise AnswerError("The answer is empty or no text; write the text of the answer.")
    return {"text": storable(content.strip())}


def _dump_json(spec: Spec, answer: Answer) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _dump_text(spec: Spec, answer: Answer) -> str:
    return str(answer["text"])


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(MULTI_LABEL, "Several labels", True, _multi_schema, _multi_canonical, _dump_json),
        Kind(SINGLE_LABEL, "One label", True, _single_schema, _single_canonical, _dump_json),
        Kind(TEXT, "Text", False, lambda spec: None, _text_canonical, _dump_text),
    )
}
