"""What stands around an answer in a model's text: its reasoning before it, a fence, the marks that end a turn.

They are taken off before the answer is read, and shown apart on pages. The text itself is kept as it came.
"""

import re
from dataclasses import dataclass

# The beginnings and ends of reasoning, of model families that write it as text.
_THINKING = re.compile(
    r"(?P<open><(?:think|thinking|thought|reasoning|reflection|seed:think)>|\[THINK\]|◁think▷|<\|START_THINKING\|>"
    r"|<\|channel\|>(?:analysis|commentary)<\|message\|>)"
    r"|(?P<close></(?:think|thinking|thought|reasoning|reflection|seed:think)>|\[/THINK\]|◁/think▷"
    r"|<\|END_THINKING\|>|<\|channel\|>final<\|message\|>)",
    re.IGNORECASE,
)
_END_MARKS = re.compile(
    r"(?:<\|(?:im_end|endoftext|end_of_text|eot_id|eom_id|end|return|user|eot|end_of_turn|END_OF_TURN_TOKEN)\|>"
    r"|</s>|<eos>|<end_of_turn>|<turn\|>|<｜end▁of▁sentence｜>|\[/INST\]|\[e~\[|\[\|endofturn\|\])\s{0,20}\Z"
)
_FENCE = re.compile(r"```[ \t]{0,20}(?P<word>[\w+.-]{0,20})[ \t]{0,20}\r?\n")
_FENCED_TEXT = frozenset({"", "text", "txt", "plaintext", "markdown", "md"})


@dataclass(frozen=True)
class Apart:
    """A model's text taken apart. `taken` says what was taken off, in plain words."""

    answer: str
    reasoning: str = ""
    taken: tuple[str, ...] = ()
    is_thinking: bool = False


def take_apart(raw: str, fenced: frozenset[str] | None = None) -> Apart:
    """The answer in `raw`, and what stood around it; of fences those in the languages of `fenced` (None: all)."""
    reasoning, answer, is_thinking = _after_reasoning(raw)
    taken = ["reasoning taken off"] if reasoning is not None else []
    ended = _without_end_marks(answer)
    if ended != answer:
        taken.append("end mark taken off")
    bare = _without_fence(ended, fenced)
    if bare is not None:
        taken.append("fence taken off")
    return Apart(ended if bare is None else bare, (reasoning or "").strip(), tuple(taken), is_thinking)


def unfenced(text: str) -> str:
    """`text` without a fence around the whole of it that is none of code."""
    bare = _without_fence(text.strip(), _FENCED_TEXT)
    return text if bare is None else bare


def take_apart_text(raw: str) -> Apart:
    """The same for an answer in words, in which a fence with a language is code, and so belongs to it."""
    return take_apart(raw, _FENCED_TEXT)


def _after_reasoning(raw: str) -> tuple[str | None, str, bool]:
    """The reasoning that `raw` begins with (None: there is none), what follows, and whether the reasoning never ends.

    Some templates open it themselves, so the text may hold its end alone.
    """
    end, opened = 0, False
    for mark in _THINKING.finditer(raw):
        if mark["open"]:
            if not opened and raw[end : mark.start()].strip():
                break  # in the middle of an answer: no reasoning before it
            opened = True
        else:
            end, opened = mark.end(), False
    if opened:
        return raw[end:], "", True
    return (_reasoned(raw[:end]), raw[end:], False) if end else (None, raw, False)


def _reasoned(text: str) -> str:
    return _THINKING.sub("", text)


def _without_end_marks(text: str) -> str:
    """A few at the end at most: each look begins there."""
    for _ in range(8):
        tail = max(0, len(text) - 80)
        found = _END_MARKS.search(text, tail)
        if found is None:
            break
        text = text[: found.start()]
    return text


def _without_fence(text: str, languages: frozenset[str] | None) -> str | None:
    """The inside of a fence around the whole text; None where there is none."""
    bare = text.strip()
    opening = _FENCE.match(bare)
    if opening is None or not bare.endswith("```") or opening.end() > len(bare) - 3:
        return None
    inside = bare[opening.end() : -3]
    if languages is not None and (opening["word"].lower() not in languages or "```" in inside):
        return None
    return inside
