"""Adapters of several seeds as one: the mean of what each adds to the weights.

Exact, not fitted: the adapters lie side by side in one of so many times the rank, at the same scale.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from common.files import write_json
from training.engine.errors import EngineError
from training.engine.rundir import WEIGHTS

_CONFIG = "adapter_config.json"


def write_average(adapters: Sequence[Path], out: Path) -> None:
    """Write the average of the LoRA adapters in the folders, which are of one rank and scale, into the folder `out`."""
    import torch
    from safetensors.torch import load_file, save_file

    parts = [load_file(folder / WEIGHTS) for folder in adapters]
    joined = {}
    for name in parts[0]:
        # `lora_A` is (rank, in), `lora_B` (out, rank); those of embeddings, too.
        down = name.rpartition("lora_")[2].startswith(("A", "embedding_A"))
        weights = [part[name] for part in parts]
        joined[name] = (torch.cat(weights) if down else torch.cat(weights, dim=1) / len(parts)).contiguous()
        if not bool(torch.isfinite(joined[name]).all()):
            raise EngineError(f"The weights are no numbers any more ({name}). Lower the learning rate.")
    save_file(joined, out / WEIGHTS, metadata={"format": "pt"})
    config = json.loads((adapters[0] / _CONFIG).read_text(encoding="utf-8"))
    write_json(out / _CONFIG, config | {name: config[name] * len(parts) for name in ("r", "lora_alpha")})
