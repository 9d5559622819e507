"""The weights that an encoder was exported from, kept beside the export: fine-tuning begins with them."""

import shutil
from pathlib import Path

from common.encoder import EncoderRecord
from common.files import built_folder, sha256_of
from training.engine.errors import EngineError, Exit

FOLDER, WEIGHTS = "torch", "model.safetensors"


def keep_source(source: Path, encoder: Path) -> None:
    """Copy weights, and the files that say how they become vectors, below the encoder's folder."""
    with built_folder(encoder / FOLDER) as kept:
        for path in (source / WEIGHTS, *source.glob("*.json"), *source.glob("*/config.json")):
            target = kept / path.relative_to(source)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)


def has_source(encoder: Path, record: EncoderRecord) -> bool:
    """Its weights are there, and are those that the encoder was made of."""
    weights = encoder / FOLDER / WEIGHTS
    return weights.is_file() and sha256_of(weights) == record.revision


def source_of(encoder: Path, record: EncoderRecord) -> Path:
    """The folder with the weights. Raises `EngineError` PERSON where they are missing, damaged or others."""
    folder = encoder / FOLDER
    if not (folder / WEIGHTS).is_file():
        raise EngineError(
            f"The sentence encoder in {encoder} lacks the weights that fine-tuning begins with ({FOLDER}/{WEIGHTS}), "
            "as one of an earlier release does: `make encoder` adds them. Then resume the run.",
            Exit.PERSON,
        )
    if not has_source(encoder, record):
        raise EngineError(
            f"{FOLDER}/{WEIGHTS} of the sentence encoder in {encoder} is damaged or another file; `make encoder` puts "
            "the right one there. Then resume the run.",
            Exit.PERSON,
        )
    return folder
