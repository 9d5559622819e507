"""What is made of a head at a run's end: whose rows calibrate it, what it says of its base, no memory on the host."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers

from common.encoder.language import Frame
from tests.training.engine.folders import make_rows, write_rows
from tests.training.engine.test_heads_served import LABELS, head_run
from training.engine.config import load_config
from training.engine.endings import has_lacked_memory, is_out_of_memory
from training.engine.errors import EngineError, Exit
from training.engine.finishing import look
from training.engine.heads.exporting import _written, require_close
from training.engine.heads.leaving import MOST, Learnt, _Leaving, _moved, _record, leave_head
from training.engine.heads.serving import Servable
from training.engine.rundir import RunDir
from training.engine.stopping import Stop, StoppedError
from training.heads.calibration import Calibration

pytestmark = pytest.mark.ml
NO_MEMORY = "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes."
LEARNT = Learnt(tuple(sorted(LABELS)), 0.5, ())


def fresh(folder: Path) -> RunDir:
    base = folder / "some-base"
    base.mkdir()
    run = head_run(folder / "run", base)
    run.adapter.mkdir()
    return run


def servable(run: RunDir) -> Servable:
    task = load_config(run.config).task
    assert task is not None
    return Servable(task, Frame(opening="", closing=""), 80)


def test_a_blank_row_shifts_no_other_rows_scores(tmp_path: Path) -> None:
    run, rows = fresh(tmp_path), make_rows(60, seed=1)
    blank = {**rows[0], "prompt": [{"role": "user", "content": " \n"}]}
    found = []
    for validation in (rows, [blank, *rows]):
        write_rows(run.validation, validation)
        leaving = _Leaving(run, servable(run), LEARNT)
        assert leaving.asked.messages[:2] == [each["prompt"] for each in rows[:2]]
        scores = np.zeros((len(leaving.asked.messages), len(LABELS)))
        scores[:60] = 4.0 * leaving.targets[-60:] - 2.0
        found.append(leaving._calibrated(scores))
    assert found[0] == found[1]
    assert found[0][0].slope > 1


def test_of_many_rows_some_are_asked_from_everywhere(tmp_path: Path) -> None:
    run = fresh(tmp_path)
    write_rows(run.validation, make_rows(900, seed=1))
    leaving = _Leaving(run, servable(run), LEARNT)
    assert (len(leaving.judging), leaving.judging[0], leaving.judging[-1]) == (MOST, 0, 899)
    assert len(set(leaving.judging)) == MOST
    assert len(leaving.asked.messages) == MOST + 6


def test_a_base_is_told_without_where_it_lies_and_what_it_lacks(tmp_path: Path) -> None:
    run = fresh(tmp_path)
    tokenizer = SimpleNamespace(unk_token_id=None)
    record = _record(load_config(run.config), servable(run), tokenizer, 8)
    assert record.name == "some-base"
    assert record.source.startswith("some-base")
    assert record.source.endswith(" with its adapter")
    assert "None" not in record.source
    assert str(tmp_path) not in record.model_dump_json()


def test_a_threshold_stays_between_nothing_and_certain() -> None:
    assert _moved(0.95, Calibration(20.0, 10.0)) == 1 - 1e-6
    assert _moved(0.05, Calibration(20.0, -10.0)) == 1e-6
    assert _moved(0.3, Calibration()) == 0.3


def test_what_is_served_is_held_against_torch_within_half_of_what_the_proof_allows() -> None:
    assert require_close(np.array([[0.5004]]), np.array([[0.5]])) == pytest.approx(4e-4)
    with pytest.raises(EngineError, match="differ from torch's by 6"):
        require_close(np.array([[0.5006]]), np.array([[0.5]]))
    with pytest.raises(EngineError, match="by nan"):
        require_close(np.array([[np.nan]]), np.array([[0.5]]))


def test_a_host_without_memory_waits_for_a_person_and_trains_no_step_again(tmp_path: Path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(NO_MEMORY)

    def wrap(*_: object, **__: object) -> None:
        try:
            fail()
        except RuntimeError as error:
            raise ValueError("the exporter gave up") from error

    monkeypatch.setattr(torch.onnx, "export", wrap)
    with pytest.raises(ValueError, match="gave up") as wrapped:
        _written(SimpleNamespace(base_model=torch.nn.Identity()), tmp_path / "model.onnx", 8)
    assert has_lacked_memory(wrapped.value)

    run = fresh(tmp_path)
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", fail)
    with pytest.raises(
        EngineError, match=r"^The host has too little memory to write the file that is served\."
    ) as error:
        leave_head(run, load_config(run.config), servable(run), LEARNT, SimpleNamespace(), print, print)
    assert error.value.code is Exit.PERSON
    assert not is_out_of_memory(error.value), "the ladder of memory takes it for none of its own"


def test_orders_are_looked_at_between_questions(tmp_path: Path) -> None:
    run = fresh(tmp_path)

    def stopped(order: str, reason: Exit | None = None) -> Exit | None:
        run.give(order)
        stop = Stop()
        stop.reason = reason
        with pytest.raises(StoppedError):
            look(run, stop)
        return stop.reason

    assert (stopped("pause"), stopped("cancel"), stopped("cancel", Exit.OK)) == (
        Exit.PAUSED, Exit.CANCELLED, Exit.CANCELLED,
    )  # fmt: skip
    assert stopped("", Exit.ORPHANED) is Exit.ORPHANED
    kept, free = Stop(), Stop()
    kept.request(Exit.OK)
    run.give("pause")
    look(run, kept)
    run.give("")
    look(run, free)
    assert (kept.reason, free.reason) == (Exit.OK, None)
