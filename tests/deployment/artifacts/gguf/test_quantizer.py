"""The installed quantizer, here a script in its place: found, asked by its own names, its failures told."""

from pathlib import Path

import pytest

from deployment.artifacts.gguf.converter import ConverterError
from deployment.artifacts.gguf.quantizer import find_quantizer, identity, quantize
from deployment.models import ServingPolicy
from deployment.quantization import CHOICES, bytes_needed, problem_with


def program(folder: Path, body: str) -> Path:
    path = folder / "llama-quantize"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_it_is_found_by_variable_or_on_the_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LLAMA_QUANTIZE", raising=False)
    assert find_quantizer() is None
    found = program(tmp_path, "exit 0")
    assert find_quantizer() == found
    monkeypatch.setenv("LLAMA_QUANTIZE", str(tmp_path / "elsewhere"))
    assert find_quantizer() is None
    assert len(identity(found)) == 64


def test_it_writes_the_form_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_QUANTIZE", str(program(tmp_path, 'echo "$3 of $(cat $1)" > $2')))
    (tmp_path / "f16.gguf").write_text("weights")
    quantize(tmp_path / "f16.gguf", tmp_path / "q4.gguf", "q4_k_m")
    assert (tmp_path / "q4.gguf").read_text() == "Q4_K_M of weights\n"


def test_its_failure_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_QUANTIZE", str(program(tmp_path, 'echo half > $2; echo "no such type" >&2; exit 3')))
    with pytest.raises(ConverterError, match="no such type"):
        quantize(tmp_path / "f16.gguf", tmp_path / "q4.gguf", "q4_k_m")
    assert [path.name for path in tmp_path.iterdir()] == ["llama-quantize"]


def test_forms_are_named_and_measured():
    assert problem_with(ServingPolicy().quantization) == ""
    assert "choose one of q8_0" in problem_with("q9")
    assert all(bytes_needed(form, 1000) > 0 for form in CHOICES)
    assert bytes_needed("q4_k_m", 1000) > bytes_needed("f16", 1000) > bytes_needed("q8_0", 1000)
