"""Prompt/completion rows to token ids and labels. The loss sees the answer and its end token, nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from training.engine.chat import Message, continuation, end_ids, render, token_ids
from training.engine.errors import EngineError
from training.engine.files import read_jsonl
from training.engine.marks import broken, marks_of
from training.engine.template import ANSWER, INSTRUCTION, TEXT, lead_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100


class Encoded(TypedDict):
    """One row for the trainer. `labels` is `input_ids` with the prompt replaced by -100."""

    input_ids: list[int]
    labels: list[int]


Encoder = Callable[[Sequence[Message], Sequence[Message]], Encoded]


@dataclass(frozen=True)
class EncodedRows:
    """The rows of one file that fit, the numbers of those that were too long, and the tokens of the longest."""

    rows: list[Encoded]
    left_out: list[int]
    longest: int

    @property
    def numbers(self) -> list[int]:
        """Where each of `rows` stands in the file, from 1."""
        out = set(self.left_out)
        return [number for number in range(1, len(self.rows) + len(out) + 1) if number not in out]

    @property
    def share_left_out(self) -> float:
        """Of all rows of the file."""
        return len(self.left_out) / max(1, len(self.rows) + len(self.left_out))


def encode_file(
    tokenizer: "PreTrainedTokenizerBase", path: Path, max_length: int, as_target: Encoder | None = None
) -> EncodedRows:
    """Encode every row of a JSON Lines file; rows longer than `max_length` tokens are left out, never cut.

    `as_target`: how prompt and completion become a row where the answer's text is not what is learnt.
    """
    encoded, marks = [], marks_of(tokenizer)
    for number, row in enumerate(read_jsonl(path), start=1):
        prompt, completion = messages_of(row, f"{path.name}, row {number}")
        prompt = broken(prompt, marks)
        encoded.append(
            encode(tokenizer, prompt, broken(completion, marks)) if as_target is None else as_target(prompt, completion)
        )
    left_out = [number for number, row in enumerate(encoded, start=1) if len(row["input_ids"]) > max_length]
    fitting = [row for row in encoded if len(row["input_ids"]) <= max_length]
    return EncodedRows(fitting, left_out, max((len(row["input_ids"]) for row in encoded), default=0))


def encode(tokenizer: "PreTrainedTokenizerBase", prompt: Sequence[Message], completion: Sequence[Message]) -> Encoded:
    """One row: the prompt's ids exactly as serving sends them, then the answer and its end token.

    Where the model thinks before it answers, the prompt is followed by a thought that is empty, and is not learnt.
    """
    lead, end = _around_answers(tokenizer, str(tokenizer.get_chat_template()))
    asked = render(tokenizer, prompt)
    ids = token_ids(tokenizer, asked)
    if lead:
        ids, asked = ids + continuation(tokenizer, ids, asked, lead), asked + lead
    answer = [*continuation(tokenizer, ids, asked, completion[-1]["content"]), end]
    return {"input_ids": ids + answer, "labels": [IGNORED] * len(ids) + answer}


@lru_cache(maxsize=4)
def _around_answers(tokenizer: "PreTrainedTokenizerBase", template: str) -> tuple[str, int]:
    """What stands before each answer, and the token that ends it: the first after it that servers end at."""
    ends = end_ids(tokenizer)
    finished = render(tokenizer, [INSTRUCTION, TEXT, ANSWER], ask=False)
    after = token_ids(tokenizer, finished.rpartition(ANSWER["content"])[2])
    end = next((token for token in after if token in ends), tokenizer.eos_token_id)
    if end is None:
        raise EngineError("The base model's tokenizer names no end token, so answers would never end.")
    return lead_of(tokenizer), int(end)


def messages_of(row: Mapping[str, Any], where: str) -> tuple[list[Message], list[Message]]:
    """Prompt and completion. Raises `EngineError`, which names the row by `where`."""
    parts = []
    for key in ("prompt", "completion"):
        messages = row.get(key)
        if not isinstance(messages, list) or not messages or not all(_is_message(item) for item in messages):
            raise EngineError(f"{where}: {key!r} must be a list of chat messages with role and content.")
        parts.append(messages)
    return parts[0], parts[1]


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("role", "content"))
