"""Greedy answers of a plain Hugging Face model, held to a JSON schema token by token.

An independent second opinion on what a served model answers: no llama.cpp, no GGUF, no quantization. The most likely
token is taken among those after which the text can still become what the schema allows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.engine.chat import end_ids, token_ids
from training.engine.errors import EngineError
from training.engine.forms import Form
from training.engine.looks.words import sentence

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Holder:
    """Chooses the next token of answers that grow side by side; `form` None leaves them free."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", form: Form | None) -> None:
        self.ends, self._form, self._tokenizer = end_ids(tokenizer), form, tokenizer
        # Of each answer so far, by its tokens: what may follow.
        self._at: dict[tuple[int, ...], LLMatcher] = {}
        self._start: LLMatcher | None = None

    def choose(self, given: Sequence[list[int]], logits: "torch.Tensor") -> list[int | None]:
        """Of each row of `logits`, (rows, vocabulary), the most likely token that may follow; None where none may."""
        if self._form is None:
            return [int(token) for token in logits.argmax(-1).tolist()]
        if self._start is None:
            self._start = self._form.matcher(_read_by_grammars(self._tokenizer, logits.shape[-1]))
        before, self._at = self._at, {}
        return [self._chosen(before, tuple(ids), row) for ids, row in zip(given, logits, strict=True)]

    def _chosen(
        self, before: dict[tuple[int, ...], "LLMatcher"], ids: tuple[int, ...], row: "torch.Tensor"
    ) -> int | None:
        matcher = self._after(before, ids)
        allowed = self._allowed(matcher, row)
        if not allowed.any():
            return None
        token = int(row.masked_fill(~allowed, float("-inf")).argmax())
        if token not in self.ends and (longer := (*ids, token)) not in self._at:
            self._at[longer] = matcher.deep_copy()
            self._at[longer].consume_token(token)
        return token

    def _after(self, before: dict[tuple[int, ...], "LLMatcher"], ids: tuple[int, ...]) -> "LLMatcher":
        if ids in before:
            return before[ids]
        assert self._start is not None, "made when it is first asked"
        matcher = self._start.deep_copy()
        matcher.consume_tokens(list(ids))
        return matcher

    def _allowed(self, matcher: "LLMatcher", row: "torch.Tensor") -> "torch.Tensor":
        import torch

        allowed = torch.zeros(len(row), dtype=torch.bool)
        if not matcher.is_stopped():
            bias = torch.frombuffer(bytearray(matcher.compute_logit_bias()), dtype=torch.uint8)[: len(row)]
            allowed[: len(bias)] = bias > 0
        if matcher.is_error():
            raise EngineError(f"An answer cannot be held to its schema: {sentence(ValueError(matcher.get_error()))}")
        allowed[[end for end in self.ends if end < len(row)]] = matcher.is_accepting()
        return allowed.to(row.device)


def greedy(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str, holder: Holder, limit: int
) -> str:
    """The model's most likely answer of at most `limit` tokens to rendered `text`."""
    import torch

    prompt = token_ids(tokenizer, text)
    start = len(text_of(tokenizer, prompt))
    given: list[int] = []
    past: Any = None
    with torch.inference_mode():
        while len(given) < limit:
            fresh = torch.tensor([given[-1:] or prompt], device=model.device)
            out = model(input_ids=fresh, past_key_values=past, use_cache=True)
            past = out.past_key_values
            (chosen,) = holder.choose([given], out.logits[:, -1])
            if chosen is None or chosen in holder.ends:
                break
            given.append(chosen)
    return text_of(tokenizer, [*prompt, *given])[start:]


def text_of(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int]) -> str:
    """What ids say, their marks included."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _read_by_grammars(tokenizer: "PreTrainedTokenizerBase", size: int) -> "LLTokenizer":
    """The tokenizer as llguidance knows it, for logits of this size. Raises `EngineError`."""
    from llguidance.hf import from_tokenizer
    from transformers import PreTrainedTokenizerFast

    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise EngineError(
            "Answers of this base cannot be held to a schema: its tokenizer has no tokenizer.json. Convert it with "
            "transformers' save_pretrained, or choose another base."
        )
    ends = end_ids(tokenizer)
    # Some base models leave their last tokens without a row of logits.
    return from_tokenizer(tokenizer, n_vocab=max(size, len(tokenizer)), eos_token=min(ends) if ends else None)
