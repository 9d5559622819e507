"""What a kind of answer is: one module with one class of it, and nothing outside this folder compares its name."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from labeling.kinds.inputs import TEXT, Input, InputForm

if TYPE_CHECKING:
    from labeling.differences import Piece
    from labeling.kinds.change import Change
    from labeling.kinds.spec import Spec

Answer = dict[str, Any]
# What a form sent, as lists of strings by field.
Entered = Mapping[str, Sequence[str]]


class SpecError(ValueError):
    """The description of a task contradicts itself; the message says what to change."""


class SchemaError(SpecError):
    """A task's own JSON schema is none that its kind can keep; the message names the place."""


class AnswerError(ValueError):
    """A value is no answer to this task; the message says what to do."""


class NoLongerFitsError(AnswerError):
    """An answer has no counterpart under another spec; the message is the reason, fit to be counted."""


class Kind(ABC):
    """One kind of answer: its shape, its stored form, its text to train on, and how people see and give it.

    An answer is stored as an object (`Answer`). `input` is what is asked about, for kinds whose answers are read
    against it; it is None where it was not kept. Templates: `labeling/answers/<name>.html` shows an answer,
    `labeling/fields/<name>.html` asks for one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]  # what it is good for, in one line for who chooses
    input: ClassVar[InputForm] = TEXT
    # Capabilities: what others ask in place of the name.
    is_json: ClassVar[bool] = True  # else the model's text, as it stands, is the answer
    has_labels: ClassVar[bool] = False  # answers are made of the project's labels
    labels_texts: ClassVar[bool] = False  # and say them of the text as a whole
    has_places: ClassVar[bool] = False  # answers are `spans` with places in the text as it is stored
    has_schema: ClassVar[bool] = False  # the answer's JSON schema is the project's own
    schema_example: ClassVar[dict[str, Any]] = {}  # one to start from
    can_join: ClassVar[bool] = False  # several answers to one text can be put together
    fits_every_spec: ClassVar[bool] = False  # an answer to one spec of a project is one to each of them
    # Said before an empty answer is approved.
    nothing_given: ClassVar[str] = ""
    # Static files that pages with its fields load.
    scripts: ClassVar[tuple[str, ...]] = ()
    style: ClassVar[str] = ""

    def check(self, spec: "Spec") -> None:
        """Raise `SpecError` where a spec of this kind contradicts itself."""
        return

    @abstractmethod
    def schema(self, spec: "Spec") -> dict[str, Any] | None:
        """The JSON schema that a model's text is held to; None where `is_json` is not set."""

    @abstractmethod
    def canonical(self, spec: "Spec", value: Any, input: Input | None) -> Answer:
        """The stored form of what a person or a file gave: the stored form itself, or something close to it.

        Raises `AnswerError` where it is no answer.
        """

    @abstractmethod
    def read(self, spec: "Spec", value: Any, input: Input | None, repairs: list[str]) -> Answer:
        """The stored form of what a model wrote: a JSON value of nearly the right shape, or its text.

        Says in `repairs` what had to be mended; raises `AnswerError`.
        """

    def claims(self, spec: "Spec", value: Any) -> bool:
        """Whether a JSON value in a model's text gives an answer, or tries to. One that does not is chatter."""
        return isinstance(value, dict)

    def mentions(self, spec: "Spec", text: str) -> bool:
        """Whether words around an answer name what answers are made of, and so may say something else."""
        return False

    def said(self, spec: "Spec", words: str) -> Any:
        """The value that bare words of a model, in no JSON, give; None where they give none."""
        return None

    def dumps(self, spec: "Spec", answer: Answer, input: Input | None) -> str:
        """The exact text that a model is trained to write for a stored answer."""
        return json.dumps(answer, ensure_ascii=False)

    def prompt_lines(self, spec: "Spec") -> list[str]:
        """What the system message says after the instruction."""
        return []

    def label_lines(self, spec: "Spec") -> list[str]:
        """Those of the lines that list the labels; a task may leave them out."""
        return []

    def is_empty(self, answer: Answer) -> bool:
        """Whether it is an answer that gives nothing; then `nothing_given` is said before it is approved."""
        return False

    @abstractmethod
    def line(self, answer: Answer) -> str:
        """The answer in one short line for people; takes what was entered, too, before it is checked."""

    @abstractmethod
    def entered(self, fields: Entered) -> Any:
        """What the fields of the form say, not yet checked."""

    @abstractmethod
    def fields(
        self, spec: "Spec", proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        """What the form's template shows: `current` filled in, and what the model proposed marked."""

    def shown_again(self, spec: "Spec", entered: Any) -> Answer | None:
        """What was entered and refused, as far as the form can show it."""
        return entered if isinstance(entered, dict) else None

    @abstractmethod
    def difference(self, one: Answer, other: Answer) -> str:
        """What leads from one answer to the other, in words for people; empty where they say the same."""

    def pieces(self, before: Answer, after: Answer) -> "list[Piece] | None":
        """The same word by word, where an answer is a text and the two are not too long; else None."""
        return None

    def carry(self, change: "Change", answer: Answer) -> Answer:
        """An approved answer to one spec as an answer to another. Raises `NoLongerFitsError` with the reason."""
        return answer

    def carry_reading(self, change: "Change", answer: Answer) -> Answer:
        """The same for what a model said, where what has no counterpart stays as it is, and so counts as wrong."""
        return answer

    def respelled(self, spec: "Spec", answer: Answer, input: Input, stored: Input) -> Answer:
        """An answer to `input` as one to the same input in other case or white space. Raises `AnswerError`."""
        return answer

    def identities(self, spec: "Spec", answer: Answer) -> Answer:
        """The answer in a form that is equal for one answer under whatever names."""
        return answer

    def joined(self, spec: "Spec", answers: Sequence[Answer]) -> Answer | None:
        """One answer that says all that these say; None where the kind has no such. Raises `AnswerError`."""
        return None

    def labels_in(self, answer: Answer) -> list[str]:
        """The names of the labels that an answer uses."""
        return []


# The registry; `labeling.kinds` fills it.
KINDS: dict[str, Kind] = {}


def shown(value: Any) -> str:
    """A value as messages quote it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def first(fields: Entered, name: str) -> str:
    """The first value of a field of a form; empty where there is none."""
    return next(iter(fields.get(name, ())), "")
