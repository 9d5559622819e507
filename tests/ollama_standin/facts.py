"""What a GGUF says of itself, as far as `/api/show` and `/api/tags` tell it on."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Facts:
    """The defaults are those of a file that only begins like a GGUF: most tests need no more."""

    family: str = "llama"
    quantization: str = "Q8_0"
    context: int = 2048
    embedding: int = 128
    parameters: int = 1_049_728
    template: str = ""
    adapter: bool = False
    # Whether the vocabulary has pieces of words; else each byte is a token.
    pieces: bool = False
    info: dict[str, Any] = field(default_factory=lambda: {"general.architecture": "llama"})
    tensors: tuple[dict[str, Any], ...] = ()

    @property
    def capabilities(self) -> list[str]:
        """What the model can do, by its template; a real one looks for both marks, too."""
        thinks = "<think>" in self.template and "</think>" in self.template
        return [*(["thinking"] if thinks else []), "completion"]

    def details(self, parent: str, quantization: str) -> dict[str, Any]:
        """The `details` of a model."""
        empty = {"parent_model": parent, "format": "", "family": "", "families": None, "parameter_size": ""}
        if self.adapter:
            return {**empty, "quantization_level": ""}
        return {
            "parent_model": parent,
            "format": "gguf",
            "family": self.family,
            "families": [self.family],
            "parameter_size": f"{self.parameters / 1e6:.2f}M",
            "quantization_level": quantization or self.quantization,
        }


def facts_of(path: Path) -> Facts:
    """Read a file's header."""
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8 or struct.unpack("<4xI", head)[0] not in (2, 3):
        return Facts()
    from gguf import GGUFReader, LlamaFileType

    reader = GGUFReader(path)
    values = {name: found.contents() for name, found in reader.fields.items() if not name.startswith("GGUF.")}
    template = values.pop("tokenizer.chat_template", "")
    family = values.get("general.architecture", "")
    tensors = [
        {"name": each.name, "type": each.tensor_type.name, "shape": [int(size) for size in each.shape]}
        for each in reader.tensors
    ]
    count = sum(int(each.n_elements) for each in reader.tensors)
    info = {name: None if isinstance(value, list) else value for name, value in values.items()}
    kind = LlamaFileType(values.get("general.file_type", 0)).name
    return Facts(
        family=family,
        quantization=kind.removeprefix("MOSTLY_").removeprefix("ALL_"),
        context=values.get(f"{family}.context_length", 0),
        embedding=values.get(f"{family}.embedding_length", 0),
        parameters=count,
        template=template,
        adapter=values.get("general.type") == "adapter",
        pieces=any(_is_piece(token) for token in values.get("tokenizer.ggml.tokens", ())),
        info={**info, "general.parameter_count": count},
        tensors=tuple(tensors),
    )


def _is_piece(token: str) -> bool:
    return len(token) > 1 and not token.startswith("<")
