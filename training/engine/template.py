"""A base's chat template as a task has it: what servers set each in their own way stands still in its text.

The text that is made here renders rows in training, prompts in the proof, and goes into the file that is served:
whether the model thinks aloud, the date, the instruction's place in families without a system turn, and what a finished
turn has between the prompt and its answer. A template that leaves nothing open is kept as it is.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from training.engine.chat import render
from training.engine.config import ChatOptions
from training.engine.errors import EngineError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

INSTRUCTION = {"role": "system", "content": "Sort the message."}
TEXT = {"role": "user", "content": "My parcel is late."}
ANSWER = {"role": "assistant", "content": "delivery"}
# Ollama puts a template of its own in the place of one that is within 100 characters of it: this keeps the distance.
_NOTE = (
    "{# As it was trained with: thinking, the date, the place of the instruction and the beginning of an answer stand "
    "still, whatever a server sets. #}"
)
# The variables by which templates know whether to think, and what says that they shall not.
_SWITCHES = {"enable_thinking": "false", "thinking": "false", "reasoning": "false", "thinking_budget": "0"}
_FOLD = (
    "{% if messages | length > 1 and messages[0]['role'] == 'system' %}{% set messages = [{'role': 'user', 'content': "
    "messages[0]['content'] + '\\n\\n' + messages[1]['content']}] + messages[2:] %}{% endif %}"
)
_AT_THE_END = "{%% if add_generation_prompt %%}{{ %s }}{%% endif %%}"
_CLOCK = re.compile(r"""strftime_now\(\s*(?:"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)')\s*\)""")
_NAMES = r"(?:\w+:)?(?:think|thinking|thought|reasoning|reflection)(?::\w+)?"
_OPEN = rf"(?:<{_NAMES}>|\[THINK\]|◁think▷|<\|START_THINKING\|>|<\|channel>thought)"
_CLOSE = rf"(?:</{_NAMES}>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>|<channel\|>)"
_THOUGHT = re.compile(rf"{_OPEN}\s*(?:{_CLOSE}\s*|\Z)|{_CLOSE}\s*")
_MARKS = re.compile(rf"{_OPEN}|{_CLOSE}")
_OPENED = re.compile(rf"(?P<mark>{_OPEN})(?P<space>\s*)\Z")


def freeze(tokenizer: "PreTrainedTokenizerBase", options: ChatOptions) -> None:
    """Give `tokenizer` its template as the task has it. Doing it again changes nothing.

    Raises `EngineError` where the template cannot be asked so.
    """
    if not tokenizer.chat_template:
        return  # said where something is rendered
    own = str(tokenizer.get_chat_template())
    text = _CLOCK.sub(lambda call: json.dumps(_written(options.date, call["double"] or call["single"] or "")), own)
    if options.thinking and not thinks(tokenizer):
        raise EngineError(
            "The task has the model think, and the base model's chat template knows no thinking. Switch it off in the "
            "project, or choose a base model that thinks."
        )
    head = "".join(_settings(text, options))
    tokenizer.chat_template = head + text
    if not takes_instruction(tokenizer):
        head += _FOLD
        tokenizer.chat_template = head + text
    lead = "" if options.thinking else lead_of(tokenizer)
    tail = _AT_THE_END % json.dumps(lead, ensure_ascii=False) if lead else ""
    changed = head or tail or text != own
    # As the end of a template, one line break counts for nothing; with something behind it, it would.
    tokenizer.chat_template = _NOTE + head + text.removesuffix("\n") + tail if changed else own
    _refuse_clock(tokenizer)


def lead_of(tokenizer: "PreTrainedTokenizerBase") -> str:
    """What a finished turn has between the prompt and its answer: an empty thought, say, or the name of a channel.

    It is never learnt. A thought that the prompt leaves open is closed. Raises `EngineError` where there is no answer.
    """
    asked = render(tokenizer, [INSTRUCTION, TEXT]).rpartition(TEXT["content"])[2]
    finished = render(tokenizer, [INSTRUCTION, TEXT, ANSWER], ask=False).rpartition(TEXT["content"])[2]
    before, found, _ = finished.partition(ANSWER["content"])
    if not found:
        raise EngineError("The base model's chat template leaves the answer out. Choose another base model.")
    if before.startswith(asked):
        lead = before.removeprefix(asked)
    else:  # a finished turn has no thought, or another one
        asked_bare, bare = _THOUGHT.sub("", asked), _THOUGHT.sub("", before)
        lead = bare.removeprefix(asked_bare) if bare.startswith(asked_bare) else ""
    opened = _OPENED.search(asked + lead)
    return lead + _closed(opened["mark"], "\n" if "\n" in opened["space"] else "") if opened else lead


def thinks(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether the template knows of thoughts."""
    text = str(tokenizer.get_chat_template())
    return bool(_MARKS.search(text) or "reasoning_content" in text or "enable_thinking" in text)


def takes_instruction(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether a system turn comes out in what the template renders."""
    try:
        return INSTRUCTION["content"] in render(tokenizer, [INSTRUCTION, TEXT])
    except EngineError:
        return False


def is_dated(tokenizer: "PreTrainedTokenizerBase") -> bool:
    """Whether the template writes a date."""
    text = str(tokenizer.get_chat_template())
    return _mentions(text, "strftime_now") or _mentions(text, "date_string")


def _settings(text: str, options: ChatOptions) -> Iterator[str]:
    """Variables that servers set, set here: off for good, on unless it is said otherwise, the date for good."""
    for name, off in _SWITCHES.items():
        if not _mentions(text, name):
            continue
        if not options.thinking:
            yield f"{{% set {name} = {off} %}}"
        elif off == "false":
            yield f"{{% if {name} is not defined %}}{{% set {name} = true %}}{{% endif %}}"
    if _mentions(text, "date_string"):
        yield f"{{% set date_string = {json.dumps(_written(options.date, '%d %b %Y'))} %}}"


def _mentions(text: str, name: str) -> bool:
    """As a variable: a field of a message may have the same name."""
    return re.search(rf"""(?<![\w.'"]){name}(?![\w'"])""", text) is not None


def _written(day: date, form: str) -> str:
    return datetime.combine(day, time()).strftime(form)


def _closed(mark: str, line: str) -> str:
    """The end of a thought that begins with `mark`."""
    if mark == "<|channel>thought":
        return f"{line}<channel|>"
    close = mark.replace("START_", "END_") if "START_" in mark else f"{mark[0]}/{mark[1:]}"
    return f"{line}{close}{line}{line}"


def _refuse_clock(tokenizer: "PreTrainedTokenizerBase") -> None:
    with _watched_clock() as clock:
        try:
            render(tokenizer, [INSTRUCTION, TEXT])
        except EngineError:
            return  # said where it matters
    if clock.read:
        raise EngineError(
            "The base model's chat template makes its date of the clock in a way that cannot be frozen "
            "(`strftime_now`). Put a fixed date in its place in a copy of the model's folder, and register that."
        )


class _Clock:
    """In place of the `datetime` that transformers lets templates read; it notices that it was asked."""

    def __init__(self) -> None:
        self.read = False

    def now(self) -> datetime:
        """As `datetime.now`."""
        self.read = True
        return datetime.now()


@contextmanager
def _watched_clock() -> Iterator[_Clock]:
    """Values for a template are made plain, functions too, so the clock is changed where it is read."""
    from transformers.utils import chat_template_utils as reader

    clock, own = _Clock(), vars(reader)["datetime"]
    vars(reader)["datetime"] = clock
    try:
        yield clock
    finally:
        vars(reader)["datetime"] = own
