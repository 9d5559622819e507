"""What a GGUF says of itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Vocabularies of language models that llama.cpp can read and generate with; others are for embeddings, or unknown.
TOKENIZERS = ("llama", "gpt2", "t5", "rwkv", "plamo2", "gemma4")


@dataclass(frozen=True)
class GgufInfo:
    """Architecture, context length in tokens, tokenizer family, chat template, file size in bytes, parameters."""

    architecture: str
    context_length: int
    tokenizer: str
    chat_template: str
    size: int
    parameters: int


def inspect(path: Path) -> GgufInfo:
    """Read a GGUF's header. Raises `ValueError` where the file is none."""
    from gguf import GGUFReader

    reader = GGUFReader(path)

    def value(key: str, default: Any) -> Any:
        field = reader.get_field(key)
        return default if field is None else field.contents()

    architecture = value("general.architecture", "")
    return GgufInfo(
        architecture=architecture,
        context_length=int(value(f"{architecture}.context_length", 0)),
        tokenizer=value("tokenizer.ggml.model", ""),
        chat_template=value("tokenizer.chat_template", ""),
        size=path.stat().st_size,
        parameters=sum(int(tensor.n_elements) for tensor in reader.tensors),
    )


def obstacles(info: GgufInfo, num_ctx: int) -> list[str]:
    """Why the model cannot be served with a context of `num_ctx` tokens, as sentences; empty where it can."""
    found = []
    if not info.architecture or not info.parameters:
        found.append("The GGUF names no architecture or holds no weights; the conversion went wrong.")
    if info.tokenizer not in TOKENIZERS:
        found.append(
            f"The GGUF's tokenizer {info.tokenizer or 'none'!r} is not known to generate text; "
            f"known are {', '.join(TOKENIZERS)}. Choose another base model."
        )
    if not info.chat_template:
        found.append(
            "The GGUF has no chat template, so prompts cannot be built from messages. "
            "Choose an instruction-tuned base model, or add chat_template to its tokenizer's configuration."
        )
    if problem := context_obstacle(info.context_length, num_ctx):
        found.append(problem)
    return found


def context_obstacle(context_length: int, num_ctx: int) -> str:
    """Why `num_ctx` tokens are more than the model was made for; empty where they are not."""
    if num_ctx <= context_length:
        return ""
    return (
        f"The task's num_ctx of {num_ctx} tokens is above the model's context length of {context_length}. "
        "Lower num_ctx in the project's decoding, or choose a base model with a longer context."
    )
