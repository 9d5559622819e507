"""What is asked about: a text, or a conversation. A form knows how it is checked, put into a prompt, and searched.

Every input has a text, which is what is hashed, grouped, searched and shown in a line. `labeling/inputs/<name>.html`
shows the whole of it.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from common.text import plain_lines, storable
from labeling.marks import neutralise

Turn = dict[str, str]
Input = str | list[Turn]
PLACE = "{text}"


class InputError(ValueError):
    """A value is not what this task asks about; the message says what to send."""


class InputForm(ABC):
    """One form of what goes in."""

    name: ClassVar[str]

    @abstractmethod
    def check(self, value: Any) -> Input:
        """The input in its stored form. Raises `InputError`."""

    @abstractmethod
    def text(self, value: Input) -> str:
        """The input in words alone."""

    @abstractmethod
    def of_text(self, text: str) -> Input:
        """The input that a text typed by a person makes."""

    @abstractmethod
    def turns(self, template: str, value: Input) -> list[Turn]:
        """The chat messages that put the input to a model, in the project's template."""

    @abstractmethod
    def of_turns(self, template: str, turns: list[Turn]) -> Input:
        """The input as it stands in messages that `turns` made, chat marks broken."""


class TextForm(InputForm):
    """A text; the template stands around it."""

    name = "text"

    def check(self, value: Any) -> Input:
        """The text as it can be stored, without white space around it."""
        if not isinstance(value, str):
            raise InputError("This project asks about texts: send one as `text`.")
        text = plain_lines(storable(value)).strip()
        if not text:
            raise InputError("The text is empty.")
        return text

    def text(self, value: Input) -> str:
        """The text itself."""
        assert isinstance(value, str), "a text is asked about"
        return value

    def of_text(self, text: str) -> Input:
        """The text itself."""
        return text

    def turns(self, template: str, value: Input) -> list[Turn]:
        """One message of the user."""
        return [{"role": "user", "content": template.replace(PLACE, self.text(value))}]

    def of_turns(self, template: str, turns: list[Turn]) -> Input:
        """The text, where the template holds it once; else the whole message."""
        return _unframed(template, turns[-1]["content"])


class ConversationForm(InputForm):
    """Turns of a user and an assistant, which the user began and waits on; the template stands around the last."""

    name = "conversation"

    def check(self, value: Any) -> Input:
        """Turns of role and content alone, none empty: user and assistant by turns, as chat templates want it."""
        if not isinstance(value, list) or not value:
            raise InputError("This project asks about conversations: send `input`, a list of turns.")
        roles = ("user", "assistant")
        turns: list[Turn] = []
        for number, turn in enumerate(value):
            role, content = (turn.get("role"), turn.get("content")) if isinstance(turn, dict) else (None, None)
            if role != roles[number % 2]:
                raise InputError(f"Turn {number} is not the {roles[number % 2]}'s; user and assistant take turns.")
            if not isinstance(content, str) or not content.strip():
                raise InputError(f"Turn {number} has no content.")
            turns.append({"role": roles[number % 2], "content": plain_lines(storable(content)).strip()})
        if len(turns) % 2 == 0:
            raise InputError("The last turn is not the user's, so there is nothing to answer.")
        return turns

    def text(self, value: Input) -> str:
        """One paragraph a turn, with its role in front."""
        assert isinstance(value, list), "a conversation is asked about"
        return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in value)

    def of_text(self, text: str) -> Input:
        """A conversation that begins with it."""
        return [{"role": "user", "content": text}]

    def turns(self, template: str, value: Input) -> list[Turn]:
        """The turns, each a message."""
        assert isinstance(value, list), "a conversation is asked about"
        *before, last = value
        return [*before, {**last, "content": template.replace(PLACE, last["content"])}]

    def of_turns(self, template: str, turns: list[Turn]) -> Input:
        """The turns, the last one without the template."""
        *before, last = turns
        return [*before, {**last, "content": _unframed(template, last["content"])}]


def _unframed(template: str, content: str) -> str:
    head, _, tail = (neutralise(part) for part in template.partition(PLACE))
    framed = content.startswith(head) and content.endswith(tail) and len(content) >= len(head) + len(tail)
    return content[len(head) : len(content) - len(tail)] if framed else content


def whole(text: str, input: Input | None) -> Input:
    """What a row asks about: rows hold an `input` only where that is more than its text."""
    return text if input is None else input


TEXT = TextForm()
CONVERSATION = ConversationForm()
# The forms by name, as options of an import and templates have it.
INPUTS: dict[str, InputForm] = {form.name: form for form in (TEXT, CONVERSATION)}
