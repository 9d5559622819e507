"""A Llama in the sizes of Llama 3 8B with random weights: `python -m benchmarks.gpu.base OUT LAYERS TOKENIZER`.

It is made once. What a step costs does not hang on what the weights are.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig

from common.files import built_folder

SIZES: dict[str, Any] = {
    "vocab_size": 128_256,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
}


def make(out: Path, layers: int, tokenizer: Path) -> None:
    """Write the model and its tokenizer; nothing is done where it is there already."""
    if out.is_dir():
        return
    torch.manual_seed(0)
    with torch.device("cuda"):
        model = AutoModelForCausalLM.from_config(LlamaConfig(**SIZES, num_hidden_layers=layers), dtype=torch.bfloat16)
    with built_folder(out) as folder:
        model.save_pretrained(str(folder))
        AutoTokenizer.from_pretrained(str(tokenizer)).save_pretrained(str(folder))


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
