"""What a GGUF says of itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
