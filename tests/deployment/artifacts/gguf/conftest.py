"""A tiny random Llama with a SentencePiece tokenizer, and the GGUFs that come of it when a file is wrong."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from common import jsonl
from deployment.artifacts.gguf.converter import Converted, convert, default_folder, fetch_converter
from deployment.artifacts.gguf.tokens import hard_texts
from labeling.prompts import neutralise
from training.engine.bases.tiny_tokenizer import write_tokenizer

WIDTH, HIDDEN, HEADS, CONTEXT, PIECES = 32, 64, 2, 512, 420
WORDS = [
    "where",
    "is",
    "my",
    "parcel",
    "the",
    "refund",
    "for",
    "an",
    "order",
    "came",
    "late",
    "thank",
    "you",
    "please",
    "cancel",
    "account",
    "broken",
    "zip",
    "invoice",
]
TRAPS = ("dropped", "bos", "space")


def write_model(folder: Path) -> Path:
    """A folder as `save_pretrained` would write it, made without torch."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    texts = [" ".join(random.choice(WORDS, 8)) + ".,!?" + chr(97 + index % 26) for index in range(600)]
    size = write_tokenizer(texts, folder, vocabulary=PIECES)
    shapes = {"self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (WIDTH, WIDTH)}
    shapes |= {"self_attn.v_proj": (WIDTH, WIDTH), "self_attn.o_proj": (WIDTH, WIDTH)}
    shapes |= {"mlp.gate_proj": (HIDDEN, WIDTH), "mlp.up_proj": (HIDDEN, WIDTH), "mlp.down_proj": (WIDTH, HIDDEN)}
    shapes |= {"input_layernorm": (WIDTH,), "post_attention_layernorm": (WIDTH,)}
    named = {f"model.layers.0.{name}.weight": shape for name, shape in shapes.items()}
    named |= {"model.embed_tokens.weight": (size, WIDTH), "lm_head.weight": (size, WIDTH)}
    named |= {"model.norm.weight": (WIDTH,)}
    tensors = {name: random.standard_normal(shape).astype(np.float32) * 0.1 for name, shape in named.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": WIDTH,
        "intermediate_size": HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-6,
        "vocab_size": size,
        "bos_token_id": 1,
        "eos_token_id": 4,
        "dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def spoil(good: Path, trap: str, folder: Path) -> Path:
    """A copy of the model's folder with one mistake, each as it was met."""
    shutil.copytree(good, folder)
    settings = folder / "tokenizer_config.json"
    config = json.loads(settings.read_text())
    if trap == "dropped":  # what transformers 5 writes: tokenizer.json, and no tokenizer.model
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(good)
        (folder / "tokenizer.model").unlink()
        tokenizer.save_pretrained(folder)
        settings.write_text(json.dumps(config))
    else:
        del config["add_bos_token" if trap == "bos" else "add_prefix_space"]
        settings.write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="session")
def converter() -> Path:
    return fetch_converter(default_folder())


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "good")


@pytest.fixture(scope="session")
def ggufs(model: Path, converter: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Converted]:
    """By name: `good`, and one for each trap, written by the real converter."""
    folder = tmp_path_factory.mktemp("ggufs")
    folders = {"good": model} | {trap: spoil(model, trap, folder / trap) for trap in TRAPS}
    with ThreadPoolExecutor(2) as pool:
        outtypes = {"good": "q8_0"}
        done = {
            name: pool.submit(convert, source, folder / f"{name}.gguf", outtypes.get(name, "f32"), converter)
            for name, source in folders.items()
        }
        return {name: each.result() for name, each in done.items()}


@pytest.fixture(scope="session")
def asked() -> list[list[dict[str, str]]]:
    """Prompts around every hard text."""
    texts = [neutralise(text) for text in [*hard_texts(), "where is my parcel", ""]]
    system = {"role": "system", "content": "Tag the message."}
    return [[system, {"role": "user", "content": text}] for text in texts]


@pytest.fixture(scope="session")
def expected(model: Path, asked: list[list[dict[str, str]]]) -> list[dict]:
    """The training tokenizer's rows."""
    from transformers import AutoTokenizer

    from training.engine.chat import render, token_ids

    tokenizer = AutoTokenizer.from_pretrained(model)
    texts = [render(tokenizer, messages) for messages in asked]
    return [{"text": text, "ids": token_ids(tokenizer, text)} for text in texts]


def gguf_rows(gguf: Path, asked: list[list[dict[str, str]]], folder: Path) -> list[dict]:
    """What the command `tokenize` says; a process of its own, as llama.cpp and torch do not share one."""
    prompts, out = folder / "prompts.jsonl", folder / "ids.jsonl"
    jsonl.write(prompts, ({"messages": messages} for messages in asked))
    command = [sys.executable, "-m", "deployment.artifacts.gguf", "tokenize", "--gguf", str(gguf)]
    done = subprocess.run([*command, "--prompts", str(prompts), "--out", str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(jsonl.read(out))
