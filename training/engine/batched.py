"""Greedy answers to many prompts at once, held to a JSON schema: for figures, as `constrained` is for proofs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.engine.chat import token_ids
from training.engine.constrained import Holder, text_of
from training.engine.decoding import Beginning, decode, shared
from training.engine.forms import Form

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

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
    holder = Holder(tokenizer, form)
    before = shared([prompt[::-1] for prompt in prompts])[:_BEFORE][::-1]
    start_of_answer = len(text_of(tokenizer, before))
    found: dict[int, dict[str, Any]] = {}
    order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        asked = [prompts[place] for place in places]
        for answer in decode(beginning, asked, holder.choose, holder.ends, limit):
            text = text_of(tokenizer, [*before, *answer.ids])[start_of_answer:]
            found[places[answer.row]] = {"text": text, "complete": answer.complete}
    return [found[place] for place in range(len(prompts))]
