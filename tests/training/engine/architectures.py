"""Tiny models of several architectures with random weights: what matters is how they attend, not what they say."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

SIZES: dict[str, Any] = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    # So large that what a token sees shows in what the model says.
    "initializer_range": 0.3,
}
# Those whose rows may lie flat, with what is particular to each.
FLAT: dict[str, dict[str, Any]] = {
    "llama": {},
    "llama-tied": {"tie_word_embeddings": True},
    "qwen2": {},
    "qwen3": {},
    "phi3": {},
    "mistral": {"sliding_window": 4096},
    "gemma": {},
    "granite": {"logits_scaling": 4.0, "attention_multiplier": 0.2},
    "olmo2": {},
}
# Those whose attention is another one, whose rows are padded.
PADDED: dict[str, dict[str, Any]] = {
    "gemma2": {"attn_logit_softcapping": 5.0, "final_logit_softcapping": 3.0, "query_pre_attn_scalar": 8},
    "mistral": {"sliding_window": 16},
    "mamba": {"state_size": 4, "expand": 1, "conv_kernel": 3, "time_step_rank": 4},
    "llama": {"attention_dropout": 0.1},
}


def make(name: str, options: dict[str, Any]) -> PreTrainedModel:
    """The model with the same weights at every call."""
    torch.manual_seed(5)
    config = AutoConfig.for_model(name.split("-")[0], **{**SIZES, **options})
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32)
