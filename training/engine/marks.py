"""Marks of the tokenizer in rows and prompts: found here, broken as serving breaks them (`common.marks`)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.marks import break_marks, marks_among
from training.engine.chat import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def marks_of(tokenizer: "PreTrainedTokenizerBase") -> tuple[str, ...]:
    """Its added and control tokens that are marks."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    return marks_among([*(str(token) for token in added), *tokenizer.all_special_tokens])


def broken(messages: Sequence[Message], marks: tuple[str, ...]) -> list[Message]:
    """The messages without marks in what they say."""
    return [{**message, "content": break_marks(message["content"], marks)} for message in messages]
