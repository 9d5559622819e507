"""One tiny base model, and one encoder that can be fine-tuned, for all tests of the engine."""

from pathlib import Path

import pytest

from tests.once import made_once
from tests.training.engine.folders import make_rows, write_rows
from tests.tunable import make_tunable
from training.engine.bases.tiny import make_tiny


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama that has seen a few steps: enough to have a tokenizer, a template and some habits."""

    def make(folder: Path) -> None:
        data = folder / "rows.jsonl"
        write_rows(data, make_rows(200, seed=2))
        make_tiny(data, folder / "base", seed=7, steps=12, vocabulary=400, threads=1)

    return made_once(tmp_path_factory, "tiny", make) / "base"


@pytest.fixture(scope="session")
def tunable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder, which tests leave as it is: those that harm an encoder, or have one of their own, copy it."""
    return made_once(tmp_path_factory, "tunable", lambda place: make_tunable(place / "tiny", place / "work")) / "tiny"
