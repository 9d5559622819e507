"""Messages to text to token ids: the one way that training, the token proof and the tiny base share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from training.engine.errors import EngineError
from training.engine.looks.words import sentence

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = Mapping[str, str]

# What llama.cpp ends an answer at wherever a vocabulary has it, beside the tokenizer's own end.
_ENDS = (
    *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|flush|>", "<end_of_turn>", "<|endoftext|>", "</s>"),
    *("<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>"),
    *("<｜end▁of▁sentence｜>", "[e~["),
)


def render(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], *, ask: bool = True) -> str:
    """The chat template's text for `messages`; with `ask`, ending where the model is to begin its answer."""
    if not tokenizer.chat_template:
        raise EngineError("The base model's tokenizer has no chat template. Choose an instruction-tuned base model.")
    try:
        conversation = [dict(message) for message in messages]
        text = tokenizer.apply_chat_template(conversation, add_generation_prompt=ask, tokenize=False)
    except Exception as error:
        raise EngineError(f"The base model's chat template refuses the messages: {sentence(error)}") from error
    return str(text)


def token_ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """The ids of rendered text. Nothing is added: the template has already put in what the model expects."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def continuation(tokenizer: "PreTrainedTokenizerBase", ids: list[int], text: str, more: str) -> list[int]:
    """The ids of `more` behind `text`, whose ids are `ids`."""
    whole = token_ids(tokenizer, text + more)
    if whole[: len(ids)] == ids:
        return whole[len(ids) :]
    # Tokens merged across the boundary. Serving tokenizes the prompt alone, so training does, too.
    return token_ids(tokenizer, more)


def end_ids(tokenizer: "PreTrainedTokenizerBase") -> set[int]:
    """The tokens at which a server takes an answer for ended."""
    known = tokenizer.get_vocab()
    found = {known[name] for name in _ENDS if name in known}
    return found | ({tokenizer.eos_token_id} if isinstance(tokenizer.eos_token_id, int) else set())
