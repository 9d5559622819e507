"""A chat template as plain texts: taken from what it renders, and held against it on every row of the run."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from common.encoder.language import Frame
from training.engine.chat import Message, render, token_ids
from training.engine.errors import EngineError, Exit
from training.engine.heads.targets import asked_messages
from training.engine.marks import broken, marks_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Words that no instruction has.
_TURNS = ("Qzu1Kv", "Wxo2Jf", "Yvi3Hd")
_SPACE = " \n "
_OTHERWISE = (
    "reads texts otherwise without the library that trains, so no model server would read them as they were trained. "
    "Choose another base model, or train by sft."
)


def frame_of(
    tokenizer: "PreTrainedTokenizerBase", instruction: str | None, prompts: Iterable[tuple[str, Sequence[Message]]]
) -> Frame:
    """The frame that writes each of `prompts` as training does; with each comes where it stands, for people.

    Raises `EngineError` where the template does more to a text than to stand around it.
    """
    prompts = list(prompts)
    marks = marks_of(tokenizer)
    if not tokenizer.is_fast:
        raise EngineError(f"The base model's tokenizer {_OTHERWISE}", Exit.BAD_CONFIG)
    systems = {tuple(each["content"] for each in _asked(instruction, prompt, "system")) for _, prompt in prompts}
    if len(systems) > 1:
        raise EngineError("The rows have several instructions; a classification head is asked by one.", Exit.BAD_CONFIG)
    system: list[Message] = [{"role": "system", "content": each} for said in systems for each in said]

    def write(*turns: str) -> str:
        roles = ("user", "assistant")
        return render(
            tokenizer, [*system, *({"role": roles[at % 2], "content": each} for at, each in enumerate(turns))]
        )

    frame = _derived(write, marks)
    for where, prompt in prompts:
        _require_the_same(tokenizer, frame, where, asked_messages(instruction, broken(prompt, marks)))
    return frame


def _derived(write: Callable[..., str], marks: tuple[str, ...]) -> Frame:
    first, second, third = _TURNS
    alone = write(first)
    opening, found, closing = alone.partition(first)
    if not found or first in closing:
        raise _refusal("it writes a text more than once, or not at all")
    answering = asking = None
    try:
        several = write(*_TURNS)
    except EngineError:
        several = ""
    if several.startswith(opening + first) and several.endswith(third + closing):
        middle = several[len(opening + first) : len(several) - len(third + closing)]
        before, found, after = middle.partition(second)
        answering, asking = (before, after) if found else (None, None)
    return Frame(
        opening=opening,
        closing=closing,
        answering=answering,
        asking=asking,
        strips_left=write(_SPACE + first) == alone,
        strips_right=write(first + _SPACE) == alone,
        marks=marks,
    )


def _require_the_same(tokenizer: "PreTrainedTokenizerBase", frame: Frame, where: str, asked: Sequence[Message]) -> None:
    rendered = render(tokenizer, asked)
    try:
        written = frame.whole(asked)
    except ValueError as error:
        raise _refusal(f"{error} ({where})") from error
    if written != rendered:
        raise _refusal(f"what it writes depends on the text ({where})")
    fast = tokenizer.backend_tokenizer
    fast.no_truncation()
    fast.no_padding()
    if fast.encode(written, add_special_tokens=False).ids != token_ids(tokenizer, rendered):
        raise EngineError(f"The base model's tokenizer, asked with {where}, {_OTHERWISE}", Exit.BAD_CONFIG)


def _asked(instruction: str | None, prompt: Sequence[Message], role: str) -> list[Message]:
    return [each for each in asked_messages(instruction, prompt) if each["role"] == role]


def _refusal(what: str) -> EngineError:
    return EngineError(
        "The base model's chat template is no plain text around what is asked, so a classification head could not be "
        f"served as it was trained: {what}. Choose another base model, or train by sft.",
        Exit.BAD_CONFIG,
    )
