"""Greedy answers to many prompts at once, held to a JSON schema: for figures, as `constrained` is for proofs.

The prompts of a task begin alike, and that beginning is computed once. Rows are padded to one length and multiplied
together, so that logits differ from those of a row alone by rounding.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from training.engine.batches.blocks import common_prefix
from training.engine.chat import end_ids, token_ids
from training.engine.constrained import Form, allowed, text_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Tokens tried before the whole vocabulary is put in order.
_LIKELY = 64
# Of a prompt's end: what a decoder may need to know of what stands before an answer.
_BEFORE = 8


def greedy_batches(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    texts: Sequence[str],
    form: Form | None,
    limit: int,
    batch: int,
) -> list[dict[str, Any]]:
    """The most likely answer of at most `limit` tokens to each rendered text, in order: `text` and `complete`.

    One that the limit cut off is not complete. Free where `form` is None.
    """
    prompts = [token_ids(tokenizer, text) for text in texts]
    shared = _shared(prompts)
    size = batch if shared else 1  # padding needs something before it to look at
    holder = _Holder(tokenizer, form, _shared([prompt[::-1] for prompt in prompts])[:_BEFORE][::-1])
    beginning = _Beginning(model, shared)
    found: dict[int, dict[str, Any]] = {}
    order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        for row, ids, complete in _decode(beginning, [prompts[place] for place in places], holder, limit):
            found[places[row]] = {"text": holder.text(ids), "complete": complete}
    return [found[place] for place in range(len(prompts))]


class _Holder:
    """Chooses tokens, and remembers what it found allowed: the answers of a task begin alike, too."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", form: Form | None, before: list[int]) -> None:
        self.tokenizer, self.form, self.before = tokenizer, form, before
        self.ends = end_ids(tokenizer)
        self._start = len(text_of(tokenizer, before))
        self._known: dict[tuple[int, ...], bool] = {}

    def text(self, ids: Sequence[int]) -> str:
        """What the tokens of an answer say."""
        return text_of(self.tokenizer, [*self.before, *ids])[self._start :]

    def choose(self, given: list[int], logits: "torch.Tensor") -> int | None:
        """The most likely token after which the answer can still become one."""
        for count in (min(_LIKELY, len(logits)), len(logits)):
            for token in logits.topk(count).indices.tolist():
                if self._allows(given, token):
                    return int(token)
        return None

    def _allows(self, given: list[int], token: int) -> bool:
        key = (*given, token)
        if key not in self._known:
            self._known[key] = allowed(
                token, self.ends, self.form, self.text(given), lambda token: self.text([*given, token])
            )
        return self._known[key]


class _Beginning:
    """What all prompts begin with, computed once."""

    def __init__(self, model: "PreTrainedModel", ids: list[int]) -> None:
        import torch

        self.model, self.ids = model, ids
        self._past: Any = None
        if ids:
            with torch.inference_mode():
                self._past = model(input_ids=torch.tensor([ids], device=model.device), use_cache=True).past_key_values

    def past(self, rows: int) -> Any:
        """A copy for so many rows; None where the prompts have nothing in common."""
        past = copy.deepcopy(self._past)
        if past is not None:
            past.batch_repeat_interleave(rows)
        return past


def _decode(
    beginning: _Beginning, prompts: list[list[int]], holder: _Holder, limit: int
) -> Iterator[tuple[int, list[int], bool]]:
    """Number, tokens and completeness of each row, as soon as it ends; the others go on without it."""
    import torch

    model, shared = beginning.model, len(beginning.ids)
    rests = [prompt[shared:] for prompt in prompts]
    width, past = max(map(len, rests)), beginning.past(len(rests))
    fresh = torch.tensor([[0] * (width - len(rest)) + rest for rest in rests], device=model.device)
    seen = torch.tensor([[1] * shared + [0] * (width - len(rest)) + [1] * len(rest) for rest in rests])
    seen, given = seen.to(model.device), {row: list[int]() for row in range(len(rests))}
    rows = list(given)
    with torch.inference_mode():
        while rows:
            places = (seen.cumsum(dim=1) - 1).clamp(min=0)[:, -fresh.shape[1] :]
            out = model(
                input_ids=fresh,
                attention_mask=seen,
                position_ids=places,
                past_key_values=past,
                use_cache=True,
                logits_to_keep=1,
            )
            past, going = out.past_key_values, []
            for place, row in enumerate(rows):
                chosen = holder.choose(given[row], out.logits[place, -1])
                ended = chosen is None or chosen in holder.ends
                if not ended:
                    given[row].append(int(chosen or 0))
                if ended or len(given[row]) == limit:
                    yield row, given[row], ended and chosen is not None
                else:
                    going.append(place)
            if len(going) < len(rows):
                rows = [rows[place] for place in going]
                if not rows:
                    return
                kept = torch.tensor(going, device=model.device)
                past.batch_select_indices(kept)
                seen = seen[kept]
            fresh = torch.tensor([given[row][-1:] for row in rows], device=model.device)
            seen = torch.cat([seen, seen.new_ones(len(rows), 1)], dim=1)


def _shared(prompts: Sequence[list[int]]) -> list[int]:
    """What all begin with; at least one token of each is left over."""
    if not prompts:
        return []
    return prompts[0][: common_prefix(list(prompts), min(map(len, prompts)) - 1)]
