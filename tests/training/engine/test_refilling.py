"""A graph that is filled with other weights is the export of them; where it cannot be, nothing is written."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from common.encoder.record import FULL, read_record
from training.engine.encoders.exporting import export, load
from training.engine.encoders.looking import look
from training.engine.encoders.refilling import refill
from training.engine.encoders.source import source_of

pytestmark = pytest.mark.ml


@pytest.fixture
def before(tunable: Path) -> torch.nn.Module:
    record = read_record(tunable)
    source = source_of(tunable, record)
    return load(source, look(source, record.prefix))


def changed(module: torch.nn.Module) -> torch.nn.Module:
    """As fine-tuning does it: every weight that the answer depends on."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if "pooler" not in name:
                weight += 0.1 * torch.randn_like(weight)
    return module


def answers(path: Path) -> np.ndarray:
    ids = np.array([[2, 7, 9, 3], [2, 5, 3, 0]], dtype=np.int64)
    session = onnxruntime.InferenceSession(path)
    return session.run(None, {"input_ids": ids, "attention_mask": (ids > 0).astype(np.int64)})[0]


def test_it_is_what_an_export_of_the_weights_would_be(tunable, before, tmp_path):
    record = read_record(tunable)
    source = source_of(tunable, record)
    after = changed(load(source, look(source, record.prefix)))
    assert refill(tunable / FULL, before, after, tmp_path / "filled.onnx")
    export(after, tmp_path / "exported.onnx", record.limit)
    filled, exported = answers(tmp_path / "filled.onnx"), answers(tmp_path / "exported.onnx")
    assert np.abs(filled - exported).max() < 1e-6
    assert np.abs(filled - answers(tunable / FULL)).max() > 1e-3, "the weights do not matter"


def test_weights_that_an_export_has_joined_have_no_place_of_their_own(tunable, tmp_path):
    """A new model's biases are all zero: one place for all of them."""
    record = read_record(tunable)
    source = source_of(tunable, record)
    new, after = (load(source, look(source, record.prefix)) for _ in range(2))
    with torch.no_grad():
        for name, weight in new.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
    after.load_state_dict(new.state_dict())
    export(new, tmp_path / "new.onnx", record.limit)
    assert not refill(tmp_path / "new.onnx", new, changed(after), tmp_path / "filled.onnx")
    assert not (tmp_path / "filled.onnx").exists()


def test_without_a_graph_there_is_nothing_to_fill(tunable, before, tmp_path):
    assert not refill(tunable / "none.onnx", before, before, tmp_path / "filled.onnx")
