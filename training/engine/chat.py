"""Messages to text to token ids: the one way that training, the token proof and the tiny base share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from training.engine.errors import EngineError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = Mapping[str, str]


def render(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], *, ask: bool = True) -> str:
    """The chat template's text for `messages`; with `ask`, ending where the model is to begin its answer."""
    from jinja2 import TemplateError

    if not tokenizer.chat_template:
        raise EngineError("The base model's tokenizer has no chat template. Choose an instruction-tuned base model.")
    try:
        conversation = [dict(message) for message in messages]
        text = tokenizer.apply_chat_template(conversation, add_generation_prompt=ask, tokenize=False)
    except TemplateError as error:
        raise EngineError(f"The base model's chat template refuses the messages: {error}") from error
    return str(text)


def token_ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """The ids of rendered text. Nothing is added: the template has already put in what the model expects."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids
