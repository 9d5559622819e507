"""What a shape of rows is: how other tools lay out a text, its answer and its id in one JSON object."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from labeling.kinds.inputs import Turn

_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "model": "assistant"}
_SYSTEM = ("system", "developer")


class ShapeError(ValueError):
    """A row of this shape is no text with an answer; the message says why, as a sentence."""


class Told(NamedTuple):
    """What a model said of a row's text: an answer as in `Plain`. `confidence` 0 to 1, None where it is not told."""

    model: str
    answer: Any
    confidence: float | None = None


class Plain(NamedTuple):
    """What a row says. `answer` is None where it says none; a list of names, or a text as a model writes it.

    `input` is there for what is more than a text; `text` is then None. `told` is what models said of it. `given`
    is how the row says that its answer was given (blind, seen, imported, certified); empty where it does not.
    """

    text: Any
    answer: Any = None
    id: Any = None
    input: Any = None
    told: tuple[Told, ...] = ()
    given: str = ""


class Shape(ABC):
    """One layout of rows. `fits` is asked of the first rows alone, so it may look closely."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def fits(self, record: dict[str, Any]) -> bool:
        """Whether a row is laid out like this."""

    @abstractmethod
    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """What the row says, in a task with this instruction; its answer only where that is wanted.

        Raises `ShapeError`.
        """


SPANS = (
    "It marks spans inside the text, which this project does not take; one of marked pieces does. Import it without "
    "answers to have its text."
)
PREFERENCES = "It holds answers that were preferred to others, which no project here takes yet."


def of_turns(turns: Sequence[tuple[Any, Any]]) -> Plain:
    """What (role, content) pairs ask, and the last answer. System messages are the task's business, and left out."""
    said: list[Turn] = []
    for role, content in turns:
        if role in _SYSTEM:
            continue
        if not isinstance(role, str) or role not in _ROLES:
            raise ShapeError(f"It has a turn of {str(role)[:40]!r}; only turns of user and assistant are read.")
        said.append({"role": _ROLES[role], "content": words_of(content)})
    answer = said.pop()["content"] if said and said[-1]["role"] == "assistant" else None
    if not said:
        raise ShapeError("Nobody asks anything in it.")
    if len(said) == 1 and said[0]["role"] == "user":
        return Plain(said[0]["content"], answer)
    return Plain(None, answer, input=said)


def words_of(content: Any) -> str:
    """The text of a message: as it stands, or in parts of which all are texts."""
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in content]
        if all(isinstance(part, str) for part in parts):
            return "\n".join(map(str, parts))
    if not isinstance(content, str):
        raise ShapeError("It has a turn that is not made of text alone.")
    return content


def is_message(value: Any) -> bool:
    """Whether it is a message of a chat, as most tools write it."""
    return isinstance(value, dict) and isinstance(value.get("role"), str) and "content" in value


def messages(value: Any) -> list[tuple[Any, Any]]:
    """The (role, content) pairs of a list of messages. Raises `ShapeError`."""
    if not isinstance(value, list) or not all(is_message(each) for each in value):
        raise ShapeError("Its messages are not a list of role and content.")
    if any(each.get("tool_calls") for each in value):
        raise ShapeError("It calls tools; only turns of user and assistant are read.")
    return [(each["role"], each["content"]) for each in value]


def agreed(answers: Sequence[Any]) -> Any:
    """The one answer that several people gave; None where nobody gave any. Raises `ShapeError` where they differ."""
    if any(each != answers[0] for each in answers):
        raise ShapeError(f"{len(answers)} people gave it different answers; keep one of them.")
    return answers[0] if answers else None


def listed(value: Any) -> list[Any]:
    """The value where it is a list, else none of anything."""
    return value if isinstance(value, list) else []


def sure(value: Any) -> float | None:
    """A confidence, where the value is one: 0 to 1."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def is_span(value: Any) -> bool:
    """Whether it marks a piece of a text: (begin, end, label) or an object that says so."""
    if isinstance(value, list):
        return len(value) == 3 and all(isinstance(each, int) for each in value[:2])
    return isinstance(value, dict) and any(
        {begin, "end" + begin[5:]} <= set(value) for begin in ("start", "start_offset")
    )
