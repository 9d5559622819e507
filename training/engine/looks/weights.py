"""Files of weights, by their names and headers: are all there, whole, and in 16 bits or more?"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.engine.config import BaseModelConfig
from training.engine.errors import EngineError
from training.engine.looks.place import Header, Place, ProblemError
from training.engine.models import load_base

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLE = ("model.safetensors", "pytorch_model.bin")
_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
# Inputs of the three families of names in use; any other model is not held against its vocabulary.
_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embed_in.weight")
_SHOWN = 3


@dataclass
class Weights:
    """What the files say. `embedding_rows`: of the table of input tokens, where it was found."""

    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    embedding_rows: int | None = None


def look(place: Place) -> Weights:
    """Names first, then headers: a header costs a few kilobytes, however large the file."""
    found = Weights()
    wanted, tensors = _wanted(place)
    if not wanted:
        found.facts["weights"] = "none"
        found.problems.append(_none(place))
        return found
    missing = sorted(wanted - place.names)
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        found.facts["weights"] = "incomplete"
        found.problems.append(f"Files of weights are missing: {shown}. Copy the whole folder of the model again.")
        return found
    found.facts["weights"] = "complete"
    headers: list[Header] = []
    for name in sorted(name for name in wanted if name.endswith(".safetensors")):
        try:
            headers.append(place.header(name))
        except ProblemError as problem:
            found.facts["weights"] = "incomplete"
            found.problems.append(str(problem))
    if headers and not found.problems:
        _read(headers, tensors, found)
    return found


def _wanted(place: Place) -> tuple[set[str], set[str]]:
    """The files that the weights are in, and the tensors that the index puts there."""
    for name in INDEXES:
        index = place.json(name)
        if index is not None:
            table = index.get("weight_map")
            table = table if isinstance(table, dict) else {}
            return {str(file) for file in table.values()}, set(table)
    return {name for name in SINGLE if name in place.names and not _shadowed(name, place)}, set()


def _shadowed(name: str, place: Place) -> bool:
    return name != SINGLE[0] and SINGLE[0] in place.names


def _none(place: Place) -> str:
    if any(name.endswith(".gguf") for name in place.names):
        return (
            "There is only a GGUF, which holds no weights to train on. Take the model's 16-bit weights (safetensors), "
            "or pull the GGUF to a model server and use it from the catalogue."
        )
    if "adapter_config.json" in place.names:
        return "This is an adapter, not a base model. Register the model that it was trained on."
    return f"There are no weights: neither {SINGLE[0]} nor an index of several. Copy the whole folder of the model."


def _read(headers: list[Header], tensors: set[str], found: Weights) -> None:
    entries = {name: entry for header in headers for name, entry in header.items()}
    lost = sorted(tensors - set(entries))
    if lost:
        found.facts["weights"] = "incomplete"
        found.problems.append(
            f"The index names weights that no file holds, such as {lost[0]}. Copy the whole folder of the model again."
        )
    kinds = {entry["dtype"] for entry in entries.values()}
    found.facts["parameters"] = sum(math.prod(entry["shape"]) for entry in entries.values())
    found.facts["precision"] = ", ".join(sorted(kinds))
    # Whole numbers beside floats are buffers; where there are no others the weights themselves are packed.
    small = sorted(kind for kind in kinds if kind.startswith(("F8", "F4", "F6")) or (kind in {"U8", "I8", "I4", "U4"}))
    found.facts["quantized"] = bool(small) or not kinds & _FLOATS
    for ending in _EMBEDDINGS:
        shapes = [entry["shape"] for name, entry in entries.items() if name.endswith(ending) and "vision" not in name]
        if len(shapes) == 1 and shapes[0]:
            found.embedding_rows = int(shapes[0][0])


def lost(folder: Path) -> list[str]:
    """What the architecture has and no file holds: loaded for its names alone, without memory for the weights."""
    try:
        load_base(BaseModelConfig(name=str(folder)), device_map="meta")
    except EngineError as error:
        return [str(error)]
    return []
