"""What a chat template must be able to do: an instruction, a text, an answer, the same today and tomorrow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from training.engine.chat import render
from training.engine.config import ChatOptions
from training.engine.errors import EngineError
from training.engine.template import TEXT, freeze, is_dated, takes_instruction, thinks

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def facts(tokenizer: "PreTrainedTokenizerBase") -> dict[str, Any]:
    """What a task may choose, and what its choice changes; nothing where there is no template."""
    if not tokenizer.chat_template:
        return {"chat_template": False}
    return {"chat_template": True, "thinks": thinks(tokenizer), "dated": is_dated(tokenizer)}


def problems(tokenizer: "PreTrainedTokenizerBase") -> Iterator[str]:
    """One sentence for each thing that the tokenizer and its template cannot do. The template is frozen by it."""
    if tokenizer.eos_token_id is None:
        yield (
            "The tokenizer names no end token (`eos_token` in tokenizer_config.json), so answers would never end. "
            "Compare it with the one that the model's makers publish."
        )
    if not tokenizer.chat_template:
        yield "The tokenizer has no chat template. Choose an instruction-tuned base model."
        return
    try:
        render(tokenizer, [TEXT])
    except EngineError as error:
        yield f"A plain message cannot be rendered. {error} Choose another base model."
        return
    try:
        freeze(tokenizer, ChatOptions())
    except EngineError as error:
        yield str(error)
        return
    if not takes_instruction(tokenizer):
        yield "The chat template leaves the instruction out. Choose another base model."
