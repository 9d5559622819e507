"""The frozen `Spec` of a task: all that decides how something is asked and how the answer is read."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from common.text import nfkc
from labeling.decoding import DEFAULT_DECODING
from labeling.kinds.base import KINDS, AnswerError, SchemaError, SpecError, shown
from labeling.kinds.inputs import PLACE
from labeling.marks import neutralise

# More than a person can choose from, and than a server's grammar takes in seconds.
MAX_LABELS = 5000

# A label with a line break or half a chat mark could not be written into a prompt as it stands.
_BAD_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|<\||\|>")
_GAPS = re.compile(r"[\s_\-]+")


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
    """All that decides how an input is asked about and how the answer is read.

    `max_labels` 0 means no limit but the number of labels. `prompt_template` is the user message, with `{text}`
    where the text goes. `decoding` holds the request's own options (see `DEFAULT_DECODING`). `schema` is the
    project's own JSON schema, for kinds that take one. With `thinking` the model thinks aloud before its answer, in
    training, in every proof and where it serves alike. Without `lists_labels` the prompt does not say which labels
    there are; the schema of the answer still does. Raises `SpecError` when built from values that contradict each
    other.
    """

    kind: str
    instruction: str
    labels: tuple[LabelDef, ...] = ()
    max_labels: int = 0
    prompt_template: str = PLACE
    decoding: dict[str, Any] = field(default_factory=lambda: dict(DEFAULT_DECODING), hash=False)
    schema: dict[str, Any] | None = field(default=None, hash=False)
    thinking: bool = False
    lists_labels: bool = True

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise SpecError(f"Unknown kind {self.kind!r}; choose one of {', '.join(KINDS)}.")
        if PLACE not in self.prompt_template:
            raise SpecError("The prompt template has no {text}; put {text} where the text goes.")
        if kind.has_labels:
            _check_labels(self)
        elif self.labels:
            raise SpecError(f"A task of kind {self.kind} has no labels; remove them.")
        elif not self.lists_labels:
            raise SpecError(
                f"A task of kind {self.kind} has no labels to leave out of the prompt; switch lists_labels on."
            )
        if self.schema is not None and not kind.has_schema:
            raise SchemaError(f"A task of kind {self.kind} takes no schema of its own; remove it.")
        kind.check(self)

    def __eq__(self, other: object) -> bool:
        """Also the order of a schema's keys counts: forms go by it, and models write in it."""
        return self._said == other._said if isinstance(other, Spec) else NotImplemented

    @cached_property
    def _said(self) -> tuple[Any, ...]:
        rest = (getattr(self, each.name) for each in fields(self) if each.name != "schema")
        return (*rest, json.dumps(self.schema))

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


def fold(name: str) -> str:
    """A label's name without case, and with every run of spaces, underscores and hyphens as one space."""
    return _GAPS.sub(" ", nfkc(name).casefold()).strip()


def find_label(spec: Spec, name: Any) -> str:
    """The label that `name` means: the exact name first, else the only one equal by case and spacing.

    A number, true, false and null mean the label that is written so. Raises `AnswerError` where there is none, or more
    than one.
    """
    is_literal = name is None or isinstance(name, bool | int | float)
    given = json.dumps(name) if is_literal else name
    if isinstance(given, str) and given in spec.named:
        return given
    close = spec.folded.get(fold(given), []) if isinstance(given, str) else []
    if not close and (is_literal or not isinstance(given, str)):
        raise AnswerError(f"{shown(name)} is not the name of a label; give label names as text.")
    if not close:
        raise AnswerError(f"Unknown label {shown(name)}; use one of the project's labels.")
    if len(close) > 1:
        raise AnswerError(f"The label {shown(name)} may mean {' or '.join(map(repr, close))}; write it exactly.")
    return close[0]


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
