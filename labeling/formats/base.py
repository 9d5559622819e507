"""What a writer is: it makes one row of a file of one sample, and says what it cannot hold."""

import json
from abc import ABC, abstractmethod
from json.encoder import encode_basestring
from typing import Any, ClassVar, NamedTuple

from labeling.kinds import Answer, Input, Spec, dumps, kind_of, whole

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
# Of a text the same, in one call in C.
quoted = encode_basestring


class LeftOut(Exception):
    """A format cannot say this; the message is the reason, fit to be counted."""


class Answered(NamedTuple):
    """An approved answer in today's labels: its stored form, the same as JSON, and the labels in it."""

    answer: Answer
    json: str
    labels: list[str]


class Golden(NamedTuple):
    """The golden answer in force. `read` is None where it does not fit today's task; then `reason` says why."""

    read: Answered | None
    reason: str
    as_given: str  # JSON
    spec_number: int
    by: str | None
    at: str
    given: str
    source: str


class Item(NamedTuple):
    """A sample as it was at the time of an export. Times are ISO 8601 in UTC.

    `proposals` and `decisions` are lists in JSON, oldest first: what models said, and what experts decided.
    """

    uid: str
    text: str
    input: Input | None
    external_id: str
    split: str
    way_in: str
    added_at: str
    state: str
    is_withdrawn: bool  # today, whatever its state was then
    is_withheld: bool  # it has an answer, which whoever asked did not ask for, or may not have
    golden: Golden | None
    proposals: str
    decisions: str

    @property
    def read(self) -> Answered | None:
        """The approved answer, where there is one that fits today's task."""
        return self.golden.read if self.golden else None

    @property
    def meta(self) -> dict[str, str]:
        """What other tools keep beside a text and show to nobody: ids and the split."""
        found = {"uid": self.uid, "split": self.split}
        return found | {"external_id": self.external_id} if self.external_id else found


class Writer(ABC):
    """One format that is written, for one task. A file is `begin`, the rows with `between` them, and `end`.

    `has_history`: it has a place for what models said and experts decided.
    """

    # Django's templates call what can be called.
    do_not_call_in_templates: ClassVar[bool] = True
    name: ClassVar[str]
    title: ClassVar[str]
    told: ClassVar[str]  # what it is for, in a sentence
    suffix: ClassVar[str] = "jsonl"
    media_type: ClassVar[str] = "application/jsonl"
    is_json: ClassVar[bool] = True
    begin: ClassVar[str] = ""
    between: ClassVar[str] = ""
    end: ClassVar[str] = ""
    has_history: ClassVar[bool] = False

    def __init__(self, spec: Spec) -> None:
        self.spec, self.kind = spec, kind_of(spec)

    @abstractmethod
    def row(self, item: Item) -> str:
        """The sample in this format. Raises `LeftOut`."""

    def said(self, item: Item) -> str:
        """What a model should write: labels as JSON, a free text as it stands. Raises `LeftOut` without an answer."""
        if item.read is None:
            raise LeftOut(_why(item))
        return dumps(self.spec, item.read.answer, whole(item.text, item.input))


def _why(item: Item) -> str:
    if item.is_withheld:
        return "it is a test text, whose answers were not asked for"
    return f"its answer no longer fits: {item.golden.reason}" if item.golden else "it has no approved answer"


def line(value: dict[str, Any]) -> str:
    """An object as a line of JSON Lines."""
    return f"{encode(value)}\n"
