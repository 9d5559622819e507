"""One tiny base model for all tests of the engine."""

from pathlib import Path

import pytest

from tests.training.engine.folders import make_rows, write_rows
from training.engine.bases.tiny import make_tiny


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama that has seen a few steps: enough to have a tokenizer, a template and some habits."""
    folder = tmp_path_factory.mktemp("tiny")
    data = folder / "rows.jsonl"
    write_rows(data, make_rows(200, seed=2))
    make_tiny(data, folder / "base", seed=7, steps=12, vocabulary=400, threads=1)
    return folder / "base"
