"""The keys of the review page: the commands, their keys, and what somebody may make of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """Something that a single key does; `key` is the one it has unless somebody chose another."""

    name: str
    key: str
    about: str

    @property
    def title(self) -> str:
        """The beginning of what it does."""
        return self.about.partition(":")[0].partition(";")[0]


COMMANDS = (
    Command("comment", "c", "Write a comment; Enter there saves"),
    Command("guideline", "g", "Open or close the guideline: the task, the labels, how to decide"),
    Command("similar", "n", "Open or close the similar golden samples: others decided so"),
    Command("words", "r", "What the model wrote: answer, reasoning, prompt"),
    Command("fold", "e", "Show all of a long text, or fold it again"),
    Command("take", "t", "Fill in a proposal that was not filled in"),
    Command("compare", "v", "After a blind answer: see what the model says"),
    Command("skip", "s", "Skip: the sample goes to the back of the queue"),
    Command("why", "w", "Skip with a reason, or ask a colleague"),
    Command("reject", "x", "Reject: the text is not fit for labeling"),
    Command("undo", "u", "Undo your last decision"),
)
# What works without a choice. `l` logs in where that is offered.
FIXED = {
    **dict.fromkeys("1234567890", "turns a label on or off"),
    "/": "finds a label",
    "?": "shows the keys",
    "l": "logs in where that is offered",
}


class KeysError(ValueError):
    """These cannot be somebody's keys; the message says what to change."""


def keys_of(own: Mapping[str, str]) -> dict[str, str]:
    """The key of each command, where some are somebody's own. A command that was given no key has none."""
    return {command.name: own.get(command.name, command.key) for command in COMMANDS}


def own_keys(said: Mapping[str, str]) -> dict[str, str]:
    """What differs from the keys that everybody has, checked. An empty key takes the command's key away.

    Raises `KeysError` where a key is none, is taken, or is there twice.
    """
    keys = {command.name: said.get(command.name, command.key).strip().lower() for command in COMMANDS}
    by_key: dict[str, Command] = {}
    for command in COMMANDS:
        key = keys[command.name]
        if not key:
            continue
        _check(command, key)
        if key in by_key:
            twice = f"for “{by_key[key].title}” and for “{command.title}”"
            raise KeysError(f"{key.upper()} is there twice, {twice}; give one another key.")
        by_key[key] = command
    return {command.name: keys[command.name] for command in COMMANDS if keys[command.name] != command.key}


def _check(command: Command, key: str) -> None:
    if len(key) != 1 or not key.isprintable() or key.isspace():
        raise KeysError(f"“{key[:20]}” is no single key; write one letter or sign for “{command.title}”, or nothing.")
    if key in FIXED:
        raise KeysError(f"{key.upper()} {FIXED[key]}; give “{command.title}” another key.")
