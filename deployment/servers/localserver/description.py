"""What a model's file says of itself, for the catalogue."""

from pathlib import Path

HEAD_FAMILY = "encoder with head"


def family_and_quantization(path: Path) -> tuple[str, str]:
    """As Ollama writes them ("llama", "Q8_0"); empty where the file does not say, or is no GGUF."""
    from gguf import GGUFReader, LlamaFileType

    try:
        reader = GGUFReader(path)
    except (ValueError, OSError, IndexError, KeyError):
        return "", ""
    family, kind = reader.get_field("general.architecture"), reader.get_field("general.file_type")
    try:
        quantization = LlamaFileType(int(kind.contents())).name if kind else ""
    except ValueError:
        quantization = ""
    return str(family.contents()) if family else "", quantization.removeprefix("MOSTLY_").removeprefix("ALL_")
