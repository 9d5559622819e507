"""The real converter: fetched once, run as a process, its file described."""

import hashlib
import json
import subprocess
import sys
import tarfile

import pytest

from deployment.artifacts.gguf import converter as module
from deployment.artifacts.gguf.converter import ConverterError, convert, fetch_converter
from deployment.artifacts.gguf.inspection import inspect

pytestmark = pytest.mark.ml


def test_a_second_fetch_asks_nobody(converter, monkeypatch):
    monkeypatch.setattr(module, "download", lambda requirements, folder: pytest.fail("downloaded again"))
    assert fetch_converter(converter) == converter
    assert (converter / "convert_hf_to_gguf.py").is_file()
    assert (converter / "gguf-py" / "gguf").is_dir()


def test_a_wrong_hash_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    name = module.REQUIREMENTS.read_text().split("llama-cpp-python==")[1].split()[0]
    with tarfile.open(tmp_path / f"llama_cpp_python-{name}.tar.gz", "w:gz") as archive:
        archive.add(__file__, f"llama_cpp_python-{name}/vendor/llama.cpp/convert_hf_to_gguf.py")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ConverterError, match="HASH"):
        fetch_converter(tmp_path / "tools" / "converter")
    assert list((tmp_path / "tools").iterdir()) == []


def test_what_was_written_is_described(ggufs, model):
    good = ggufs["good"]
    assert good.size == good.path.stat().st_size
    assert good.sha256 == hashlib.sha256(good.path.read_bytes()).hexdigest()
    info = inspect(good.path)
    assert (info.architecture, info.context_length, info.tokenizer) == ("llama", 512, "llama")
    assert "<|im_start|>" in info.chat_template
    assert info.parameters == _parameters(model)


def _parameters(model):
    from safetensors.numpy import load_file

    return sum(tensor.size for tensor in load_file(model / "model.safetensors").values())


def test_a_finished_file_is_not_written_again(ggufs, model, converter):
    before = ggufs["good"].path.stat().st_mtime_ns
    assert convert(model, ggufs["good"].path, "q8_0", converter) == ggufs["good"]
    assert ggufs["good"].path.stat().st_mtime_ns == before


def test_a_folder_that_is_no_model_is_refused_and_leaves_nothing(tmp_path, converter):
    (tmp_path / "config.json").write_text('{"architectures": ["NobodyForCausalLM"]}')
    with pytest.raises(ConverterError):
        convert(tmp_path, tmp_path / "out" / "x.gguf", "q8_0", converter)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_type_is_named(tmp_path, converter):
    with pytest.raises(ConverterError, match="q3_x"):
        convert(tmp_path, tmp_path / "x.gguf", "q3_x", converter)


def test_the_command_prints_one_object(ggufs):
    command = [sys.executable, "-m", "deployment.artifacts.gguf", "inspect", "--gguf", str(ggufs["good"].path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["architecture"] == "llama"


def test_the_command_says_why_it_failed(tmp_path):
    (tmp_path / "no.gguf").write_bytes(b"not a model at all, only some bytes that fill the header")
    command = [sys.executable, "-m", "deployment.artifacts.gguf", "inspect", "--gguf", str(tmp_path / "no.gguf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "GGUF" in done.stderr
    assert "Traceback" not in done.stderr
