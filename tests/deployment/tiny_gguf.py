"""A GGUF small enough to make in a moment: one layer, random weights, a byte vocabulary. It says nonsense, in ASCII.

With `pieces` its vocabulary has words, too, as a SentencePiece one; with `template` another chat template.
"""

from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

WIDTH, HIDDEN, HEADS, CONTEXT = 32, 64, 2, 1024
# Where the vocabulary's 256 bytes begin.
_BYTES = 5
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_gguf(
    path: Path, seed: int, *, declared: str = "MOSTLY_Q8_0", pieces: Sequence[str] = (), template: str = TEMPLATE
) -> Path:
    """Write a llama with random weights; other seeds give other models. Only its header says how it is quantized."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, template)
    writer.add_file_type(gguf.LlamaFileType[declared])
    size = _vocabulary(writer, pieces)
    writer.add_vocab_size(size)
    random = np.random.default_rng(seed)

    def weight(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * 0.3).astype(np.float32))

    weight("token_embd.weight", size, WIDTH)
    # Bytes beyond ASCII are never the likeliest: llama.cpp refuses to pass on an answer that is no UTF-8.
    output = (random.standard_normal((size, WIDTH)) * 0.3).astype(np.float32)
    output[_BYTES + 128 : _BYTES + 256] = 0
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, dtype=np.float32))
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", np.ones(WIDTH, dtype=np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        weight(f"blk.0.{name}.weight", WIDTH, WIDTH)
    weight("blk.0.ffn_gate.weight", HIDDEN, WIDTH)
    weight("blk.0.ffn_up.weight", HIDDEN, WIDTH)
    weight("blk.0.ffn_down.weight", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_tiny_adapter(path: Path) -> Path:
    """Write a LoRA adapter for such a model: header and one pair of matrices."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    for name, shape in (("lora_a", (2, WIDTH)), ("lora_b", (WIDTH, 2))):
        writer.add_tensor(f"blk.0.attn_q.weight.{name}", np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, template: str) -> None:
    writer.add_type("model")
    writer.add_size_label("20K")
    writer.add_quantization_version(2)
    writer.add_key_length(WIDTH // HEADS)
    writer.add_value_length(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_chat_template(template)


def _vocabulary(writer: gguf.GGUFWriter, pieces: Sequence[str]) -> int:
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens += [("<|im_start|>", kinds.CONTROL), ("<|im_end|>", kinds.CONTROL)]
    assert len(tokens) == _BYTES
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [(chr(byte), kinds.NORMAL) for byte in range(33, 127)] + [("\u2581", kinds.NORMAL)]
    tokens += [(piece, kinds.NORMAL) for piece in pieces]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([-float(index) for index in range(len(tokens))])
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(4)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_eos_token(False)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    return len(tokens)
