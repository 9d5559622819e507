"""Greedy decoding of many prompts at once: what they begin with is computed once, and rows that have ended leave.

Rows are padded to one length and multiplied together, so that logits differ from those of a row alone by rounding.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.engine.batches.blocks import common_prefix

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# The next token of each row by its tokens so far and its logits, (rows, vocabulary); None where there can be none.
Choice = Callable[[list[list[int]], "torch.Tensor"], Sequence[int | None]]


@dataclass(frozen=True)
class Decoded:
    """The tokens of an answer without its end. One that the limit cut off is not complete."""

    row: int
    ids: list[int]
    complete: bool


class Beginning:
    """What all prompts begin with, computed once. `ids` may be empty."""

    def __init__(self, model: "PreTrainedModel", ids: Sequence[int]) -> None:
        import torch

        self.model, self.ids = model, list(ids)
        self._past: Any = None
        if self.ids:
            asked = torch.tensor([self.ids], device=model.device)
            with torch.no_grad():
                self._past = model(input_ids=asked, use_cache=True, logits_to_keep=1).past_key_values

    def past(self, rows: int) -> Any:
        """The cache for so many rows, a copy; None where the prompts have nothing in common."""
        past = copy.deepcopy(self._past)
        if past is not None:
            past.batch_repeat_interleave(rows)
        return past


def shared(prompts: Sequence[list[int]]) -> list[int]:
    """What all prompts begin with; at least one token of each is left over."""
    if not prompts:
        return []
    return prompts[0][: common_prefix(list(prompts), min(map(len, prompts)) - 1)]


def decode(
    beginning: Beginning,
    prompts: Sequence[list[int]],
    choose: Choice,
    ends: set[int],
    limit: int,
    beat: Callable[[], None] = lambda: None,
) -> Iterator[Decoded]:
    """The answer of at most `limit` tokens to each prompt, as soon as it ends; the others go on without it.

    `prompts`: ids, which begin with the beginning's. `beat` is called for each token of the batch: a sign of life.
    """
    import torch

    model, fresh, seen = beginning.model, *_padded(beginning, prompts)
    past, rows, given = beginning.past(len(prompts)), list(range(len(prompts))), [list[int]() for _ in prompts]
    while True:
        out = _forward(model, fresh, seen, past)
        beat()
        past, going = out.past_key_values, []
        for place, token in enumerate(choose([given[row] for row in rows], out.logits[:, -1])):
            ids, ended = given[rows[place]], token is None or token in ends
            if not ended:
                ids.append(int(token or 0))
            if ended or len(ids) == limit:
                yield Decoded(rows[place], ids, complete=ended and token is not None)
            else:
                going.append(place)
        if not going:
            return
        if len(going) < len(rows):
            rows, kept = [rows[place] for place in going], torch.tensor(going, device=model.device)
            past.batch_select_indices(kept)
            seen = seen[kept]
        fresh = torch.tensor([given[row][-1:] for row in rows], device=model.device)
        seen = torch.cat([seen, seen.new_ones(len(rows), 1)], dim=1)


def _padded(beginning: Beginning, prompts: Sequence[list[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """What follows the beginning, filled up on the left, and which of all tokens are to be seen."""
    import torch

    start = len(beginning.ids)
    rests = [prompt[start:] for prompt in prompts]
    width = max(map(len, rests))
    fresh = torch.tensor([[0] * (width - len(rest)) + rest for rest in rests])
    seen = torch.tensor([[1] * start + [0] * (width - len(rest)) + [1] * len(rest) for rest in rests])
    return fresh.to(beginning.model.device), seen.to(beginning.model.device)


def _forward(model: "PreTrainedModel", fresh: "torch.Tensor", seen: "torch.Tensor", past: Any) -> Any:
    import torch

    places = (seen.cumsum(dim=1) - 1).clamp(min=0)[:, -fresh.shape[1] :]
    with torch.no_grad():  # not for good, as in inference mode: the model may be one that is being trained
        return model(
            input_ids=fresh,
            attention_mask=seen,
            position_ids=places,
            past_key_values=past,
            use_cache=True,
            logits_to_keep=1,
        )
