"""A base model is looked at before anything is built on it: each fault in one sentence, without loading weights."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.training.engine.folders import ROOT
from training.engine.config import BaseModelConfig
from training.engine.looks.base import Look, look

pytestmark = pytest.mark.ml
PLAIN = "{% for turn in messages %}[{{ turn.role }}] {{ turn.content }}\n{% endfor %}"
Change = Callable[[Path], None]


@pytest.fixture
def folder(tiny_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "base"))


def looked(folder: Path | str, revision: str | None = None) -> Look:
    return look(BaseModelConfig(name=str(folder), revision=revision))


def edit(folder: Path, name: str, **values: Any) -> None:
    """Set keys of a JSON file; None takes one away."""
    found = json.loads((folder / name).read_text()) | values
    (folder / name).write_text(json.dumps({key: value for key, value in found.items() if value is not None}))


def template(text: str | None) -> Change:
    return lambda folder: edit(folder, "tokenizer_config.json", chat_template=text)


def config(**values: Any) -> Change:
    return lambda folder: edit(folder, "config.json", **values)


def with_tokens_beyond(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer.add_tokens(["<parcel>", "<invoice>"])
    tokenizer.save_pretrained(str(folder))


def with_an_encoder(folder: Path) -> None:
    from transformers import BertConfig

    shape = {"vocab_size": 400, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    BertConfig(**shape, architectures=["BertForMaskedLM"]).save_pretrained(str(folder))


def cut_off(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def in_pieces(folder: Path) -> None:
    """As a copy that lost the second of two files."""
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))


def without_an_end(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token": None}))


def without_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.0.input_layernorm.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def only_a_gguf(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-q8_0.gguf")


def test_a_good_base_is_described(folder):
    seen = looked(folder)
    assert seen.problems == []
    facts = seen.facts
    assert facts["architecture"] == "LlamaForCausalLM"
    assert facts["weights"] == "complete"
    assert facts["parameters"] > 10_000
    assert facts["context"] > 100
    assert (facts["quantized"], facts["chat_template"]) == (False, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "There is no config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "There are no weights"),
        (lambda folder: (folder / "tokenizer.model").unlink(), "There is no tokenizer"),
        (only_a_gguf, "only a GGUF"),
        (cut_off, "model.safetensors is not whole"),
        (in_pieces, "missing: model-00002-of-00002.safetensors"),
        (config(model_type="nobody-knows"), "config.json cannot be read"),
        (config(hidden_size=None), "missing from config.json: `hidden_size`"),
        (config(vocab_size=399), "`vocab_size`"),
        (config(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}), "weights are quantized"),
        (config(auto_map={"AutoModelForCausalLM": "model.Own"}), "code of its own"),
        (with_an_encoder, "BertForMaskedLM is no causal language model"),
        (with_tokens_beyond, "and the weights have rows for"),
        (template(None), "has no chat template"),
        (template("{% for turn in %}"), "A plain message cannot be rendered"),
        (template("{{ messages[1].content }}" + PLAIN), "no element 1"),
        (template(PLAIN.replace("[{{ turn.role }}]", "{% if turn.role == 'assistant' %}{% continue %}{% endif %}")),
         "leaves the answer out"),
        (template("{% set form = '%A' %}Today is {{ strftime_now(form) }}.\n" + PLAIN), "cannot be frozen"),
        (template("{{ raise_exception('no') if messages[0].role == 'system' }}" + PLAIN), ""),
        (template(PLAIN.replace("[{{ turn.role }}]", "{% if turn.role == 'system' %}{% continue %}{% endif %}")), ""),
        (template("Today is {{ strftime_now('%A') }}.\n" + PLAIN), ""),
        (without_an_end, "names no end token"),
        (without_a_tensor, "Weights are missing from the base model's files: model.layers.0.input_layernorm.weight"),
        (template("{% if now is defined %}{{ strftime_now('%A') }}{% endif %}" + PLAIN), ""),
    ],
)  # fmt: skip
def test_each_fault_is_one_sentence(folder, change, said):
    change(folder)
    problems = looked(folder).problems
    if said:
        assert [each for each in problems if said in each], problems
        assert all("\n" not in each and "Traceback" not in each for each in problems)
    else:
        assert problems == []


def test_a_folder_that_is_not_there(tmp_path):
    assert "There is no folder" in looked(tmp_path / "gone").problems[0]


def test_a_folder_of_another_revision(folder):
    assert "is asked for" in looked(folder, "another").problems[0]


class _Hub(BaseHTTPRequestHandler):
    """A hub that has no such model."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return None


def ask_hub(url: str, cache: Path) -> "subprocess.CompletedProcess[str]":
    """The command, against a hub of our own: the library reads its address once per process."""
    environment = os.environ | {"HF_ENDPOINT": url, "HF_HOME": str(cache), "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "training.engine", "look", "--base", "nobody/nothing"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_a_name_that_the_hub_does_not_know(tmp_path):
    hub = HTTPServer(("127.0.0.1", 0), _Hub)
    Thread(target=hub.serve_forever, daemon=True).start()
    try:
        done = ask_hub(f"http://127.0.0.1:{hub.server_port}", tmp_path)
    finally:
        hub.shutdown()
        hub.server_close()
    assert done.returncode == 0, done.stderr
    assert "no model of that name on the hub" in json.loads(done.stdout)["problems"][0]


def test_a_hub_that_cannot_be_asked_says_nothing_of_the_base(tmp_path):
    done = ask_hub("http://127.0.0.1:9", tmp_path)
    assert done.returncode == 1
    assert "The hub could not be asked for nobody/nothing" in done.stderr.splitlines()[-1]
