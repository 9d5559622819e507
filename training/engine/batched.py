"""Greedy answers to many prompts at once, held to a JSON schema: for figures, as `constrained` is for proofs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.engine.chat import end_ids, token_ids
from training.engine.constrained import Form, allowed, text_of
from training.engine.decoding import Beginning, decode, shared

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
    beginning = Beginning(model, shared(prompts))
    size = batch if beginning.ids else 1  # padding needs something before it to look at
    holder = _Holder(tokenizer, form, shared([prompt[::-1] for prompt in prompts])[:_BEFORE][::-1])
    found: dict[int, dict[str, Any]] = {}
    order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        asked = [prompts[place] for place in places]
        for answer in decode(beginning, asked, holder.choose, holder.ends, limit):
            found[places[answer.row]] = {"text": holder.text(answer.ids), "complete": answer.complete}
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

    def choose(self, given: list[list[int]], logits: "torch.Tensor") -> list[int | None]:
        """Of each row the most likely token after which its answer can still become one."""
        return [self._chosen(ids, row) for ids, row in zip(given, logits, strict=True)]

    def _chosen(self, given: list[int], logits: "torch.Tensor") -> int | None:
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
