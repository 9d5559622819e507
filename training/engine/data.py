"""Prompt/completion rows to token ids and labels. The loss sees the answer and its end token, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from training.engine.chat import Message, render, token_ids
from training.engine.errors import EngineError
from training.engine.files import read_jsonl

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100


class Encoded(TypedDict):
    """One row for the trainer. `labels` is `input_ids` with the prompt replaced by -100."""

    input_ids: list[int]
    labels: list[int]


@dataclass(frozen=True)
class EncodedRows:
    """The rows of one file that fit, and how many were too long."""

    rows: list[Encoded]
    dropped: int
    longest: int


def encode_file(tokenizer: "PreTrainedTokenizerBase", path: Path, max_length: int) -> EncodedRows:
    """Encode every row of a JSON Lines file; rows longer than `max_length` tokens are dropped, never cut."""
    encoded = []
    for number, row in enumerate(read_jsonl(path), start=1):
        prompt, completion = _messages(row, f"{path.name}, row {number}")
        encoded.append(encode(tokenizer, prompt, completion))
    fitting = [row for row in encoded if len(row["input_ids"]) <= max_length]
    longest = max((len(row["input_ids"]) for row in encoded), default=0)
    return EncodedRows(fitting, len(encoded) - len(fitting), longest)


def encode(tokenizer: "PreTrainedTokenizerBase", prompt: Sequence[Message], completion: Sequence[Message]) -> Encoded:
    """One row: the prompt's ids exactly as serving sends them, then the answer up to its end token."""
    prompt_text = render(tokenizer, prompt)
    prompt_ids = token_ids(tokenizer, prompt_text)
    whole_text = render(tokenizer, [*prompt, *completion], ask=False)
    if whole_text.startswith(prompt_text):
        answer_ids = _continuation(tokenizer, prompt_ids, prompt_text, whole_text)
    else:
        # Some templates render a finished answer in another way (without its reasoning, say).
        answer_ids = token_ids(tokenizer, completion[-1]["content"])
    answer_ids = _up_to_end(tokenizer, answer_ids)
    return {"input_ids": prompt_ids + answer_ids, "labels": [IGNORED] * len(prompt_ids) + answer_ids}


def _continuation(
    tokenizer: "PreTrainedTokenizerBase", prompt_ids: list[int], prompt_text: str, whole_text: str
) -> list[int]:
    whole_ids = token_ids(tokenizer, whole_text)
    if whole_ids[: len(prompt_ids)] == prompt_ids:
        return whole_ids[len(prompt_ids) :]
    # Tokens merged across the boundary. Serving tokenizes the prompt alone, so training does, too.
    return token_ids(tokenizer, whole_text.removeprefix(prompt_text))


def _up_to_end(tokenizer: "PreTrainedTokenizerBase", answer_ids: list[int]) -> list[int]:
    """Cut what the template puts after the end token; where it puts none, add the tokenizer's own."""
    special = {*tokenizer.all_special_ids, *_special_added(tokenizer)}
    ends = [index for index, token in enumerate(answer_ids) if token in special]
    if ends:
        return answer_ids[: ends[-1] + 1]
    return [*answer_ids, int(tokenizer.eos_token_id)]


def _special_added(tokenizer: "PreTrainedTokenizerBase") -> list[int]:
    added: Mapping[int, Any] = getattr(tokenizer, "added_tokens_decoder", {})
    return [index for index, token in added.items() if token.special]


def _messages(row: Mapping[str, Any], where: str) -> tuple[list[Message], list[Message]]:
    parts = []
    for key in ("prompt", "completion"):
        messages = row.get(key)
        if not isinstance(messages, list) or not messages or not all(_is_message(item) for item in messages):
            raise EngineError(f"{where}: {key!r} must be a list of chat messages with role and content.")
        parts.append(messages)
    return parts[0], parts[1]


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("role", "content"))
