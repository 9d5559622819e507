"""What the inspect step refuses, and the sentences that say what to do."""

from dataclasses import replace

import gguf
import numpy as np
import pytest

from deployment.artifacts.gguf.inspection import GgufInfo, inspect, obstacles
from tests.deployment.tiny_gguf import CONTEXT, TEMPLATE, write_tiny_gguf


@pytest.fixture
def info(tmp_path) -> GgufInfo:
    return inspect(write_tiny_gguf(tmp_path / "tiny.gguf", seed=1))


def test_a_whole_model_has_no_obstacles(info):
    assert (info.architecture, info.context_length, info.tokenizer) == ("llama", CONTEXT, "llama")
    assert info.chat_template == TEMPLATE
    assert info.parameters > 10_000
    assert obstacles(info, CONTEXT) == []


def test_a_context_above_the_models_is_refused(info):
    (sentence,) = obstacles(info, CONTEXT + 1)
    assert f"num_ctx of {CONTEXT + 1} tokens is above the model's context length of {CONTEXT}" in sentence
    assert "Lower num_ctx" in sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chat_template": ""}, "has no chat template"),
        ({"tokenizer": "bert"}, "tokenizer 'bert' is not known to generate text"),
        ({"parameters": 0}, "holds no weights"),
    ],
)
def test_each_lack_has_its_sentence(info, change, said):
    (sentence,) = obstacles(replace(info, **change), 512)
    assert said in sentence


def test_a_file_with_weights_alone_lacks_all_the_rest(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "bare.gguf", "llama")
    writer.add_tensor("token_embd.weight", np.zeros((4, 8), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    sentences = obstacles(inspect(tmp_path / "bare.gguf"), 512)
    assert [sentence.split(" ", 3)[:3] for sentence in sentences] == [
        ["The", "GGUF's", "tokenizer"],
        ["The", "GGUF", "has"],
        ["The", "task's", "num_ctx"],
    ]


def test_what_is_no_gguf_is_named_as_such(tmp_path):
    path = tmp_path / "not.gguf"
    path.write_bytes(b"PK" + b"." * 200)
    with pytest.raises(ValueError, match="GGUF"):
        inspect(path)
