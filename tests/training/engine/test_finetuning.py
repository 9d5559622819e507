"""Fine-tuning an encoder: what a run folder becomes, what is chosen by which rows, and what is refused."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from common.encoder import read_record
from common.encoder.record import FULL, RECORD, SMALL
from deployment.artifacts.heads.compose import compose
from deployment.artifacts.heads.proving import HERE, Answered, prove
from deployment.servers.localserver.head import open_head
from tests.encoders import make_encoder
from tests.training.engine.folders import validated_figure
from tests.training.heads.folders import TELLING, VOCABULARY, make_folder, row_of, some_rows
from training.engine.encoders.source import FOLDER, WEIGHTS
from training.engine.errors import EngineError, Exit
from training.engine.events import read_events
from training.engine.finetuning.choosing import VALIDATION
from training.engine.finetuning.config import load_config
from training.engine.finetuning.run import Finetuning, finetune_run
from training.engine.rundir import RunDir
from training.heads.attempt import StoppedError, attempt
from training.heads.calibration import how_often
from training.heads.folder import ENCODER, load, load_proof

pytestmark = pytest.mark.ml
LABELS = dict.fromkeys(sorted(TELLING), "")
QUICK = {"objective": "encoder", "threads": 1, "epochs": 6, "learning_rate": 1e-3}


def metrics_of(run: RunDir) -> dict:
    return json.loads(run.manifest.read_text())["metrics"]


def said(run: RunDir) -> str:
    return "\n".join(event["message"] for event in read_events(run.events) if event["kind"] == "warning")


@pytest.fixture(scope="module")
def ran(tunable: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool, int], RunDir]:
    """A run that has ended well, with that many validation rows; made once, and left as it is."""

    @cache
    def made(several: bool, validation: int) -> RunDir:
        rows = (some_rows(count, count, several=several) for count in (90, validation))
        folder = tmp_path_factory.mktemp("ran") / "run"
        run = make_folder(folder, tunable, *rows, LABELS, several=several, **QUICK)
        assert finetune_run(run.path, lease="a-token") == Exit.OK
        return run

    return made


@pytest.mark.parametrize("several", [True, False], ids=["several labels", "one label"])
@pytest.mark.parametrize(("validation", "by"), [(60, "validation rows"), (12, "training rows left out")])
def test_a_run_folder_becomes_an_encoder_with_its_head(
    ran: Callable[[bool, int], RunDir], tunable: Path, several: bool, validation: int, by: str
) -> None:
    run = ran(several, validation)
    told = metrics_of(run)
    assert told["figure"] > 0.7
    assert told["head"]["chosen_by"] == by
    assert validated_figure(run.path) == pytest.approx(told["figure"]), "a round tells what the run's page tells"
    assert 1 <= told["head"]["passes"] <= 6
    assert told["head"]["calibration_error"] < 0.2
    assert (told["train_rows"], told["validation_rows"]) == (90, validation)
    record, base = read_record(run.head / ENCODER), read_record(tunable)
    assert (record.name, record.limit) == (base.name, base.limit)
    assert record.revision != base.revision
    assert told["head"]["encoder"]["revision"] == record.revision
    if by == "validation rows":
        assert set(told["head"]["worth"]) == {FULL, SMALL}
        assert record.runs == (SMALL if told["head"]["worth"][SMALL] >= told["head"]["worth"][FULL] - 0.005 else FULL)
    else:
        assert record.runs == FULL, "so few rows tell nothing of 8 bits"
    events = read_events(run.events)
    assert events[-1]["kind"] == "finished"
    assert [event["step"] for event in events if event["kind"] == "step"][-1] == told["steps"]
    assert not run.checkpoints.exists()
    assert finetune_run(run.path) == Exit.OK, "a complete run is left as it is"
    assert read_events(run.events) == events


def test_training_rows_say_how_often_labels_are_given(tunable: Path, tmp_path: Path) -> None:
    seen = []

    class Watched(Finetuning):
        def _finish(self, network, chosen, rows, *more) -> None:
            seen.append((chosen, rows.targets(self.names)))
            raise StoppedError  # what follows says nothing of this

    frequent = [row_of(f"refund {word}", {"labels": ["billing"]}) for word in VOCABULARY.split()[:30]]
    options = {**QUICK, "epochs": 1}
    run = make_folder(tmp_path / "run", tunable, some_rows(40, 1) + frequent, some_rows(60, 2), LABELS, **options)
    assert attempt(run.path, load_config, Watched, lease=None, supervisor_pid=None) == Exit.PAUSED
    chosen, targets = seen[0]
    assert chosen.by == VALIDATION
    assert np.allclose(chosen.often, how_often(targets, exclusive=False))


def test_what_is_composed_of_it_answers_as_the_network_did(ran: Callable[[bool, int], RunDir], tmp_path: Path) -> None:
    run = ran(True, 60)
    compose(run.head / ENCODER, run.head, tmp_path / "model.onnx")
    model, fitted, proof = open_head(tmp_path / "model.onnx"), load(run.head), load_proof(run.head)

    def ask(messages) -> Answered:
        found = model.answer(messages)
        return Answered(found.text, found.probabilities)

    found = prove(fitted.record.answering, proof, ask, tolerance=HERE)
    assert found.ok, found.sentence
    assert found.checked > 60
    assert not np.allclose(proof.chances[0], proof.chances[1], atol=1e-3)


def test_orders_are_obeyed_and_few_rows_are_learnt_while_nothing_is_promised(tunable: Path, tmp_path: Path) -> None:
    run = make_folder(tmp_path / "run", tunable, some_rows(6, 1), [], LABELS, **QUICK)
    run.give("pause")
    assert finetune_run(run.path) == Exit.PAUSED
    assert run.order() is None, "a pause is used up"
    run.give("cancel")
    assert finetune_run(run.path) == Exit.CANCELLED
    run.give("")
    assert finetune_run(run.path) == Exit.OK
    told = metrics_of(run)
    assert (told["figure"], told["head"]["calibration_error"], told["head"]["passes"]) == (None, None, 3)
    assert "too few to leave any out" in said(run)


def test_labels_without_examples_and_odd_texts_are_said(tunable: Path, tmp_path: Path) -> None:
    labels = {**LABELS, "complaint": "angry", "never_seen": ""}
    odd = [row_of("refund " * 60, {"labels": ["billing"]}), row_of("Где моя посылка", {"labels": ["delivery"]})]
    run = make_folder(tmp_path / "run", tunable, some_rows(40, 1) + odd, some_rows(10, 2), labels, **QUICK)
    finetune_run(run.path)
    told = metrics_of(run)
    assert (told["head"]["only_described"], told["head"]["untaught"]) == (["complaint"], ["never_seen"])
    assert (told["cut"], told["unknown"]) == (1, 1)
    assert "longer than the 48 tokens" in said(run)
    assert "No training row has never_seen, and the task says nothing of them" in said(run)


HARMS = {
    "gone": "no sentence encoder in",
    "damaged": "is damaged",
    "another": "of revision",
    "no weights": "lacks the weights that fine-tuning begins with",
    "damaged weights": "is damaged or another file",
}


def harmed(folder: Path, harm: str) -> None:
    weights = folder / FOLDER / WEIGHTS
    if harm == "gone":
        (folder / RECORD).unlink()
    elif harm == "damaged":
        (folder / FULL).write_bytes(b"no graph")
    elif harm == "another":
        make_encoder(folder, f"{VOCABULARY} more words")
    elif harm == "no weights":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:-1] + b"?")


def test_an_encoder_that_cannot_be_used_waits_for_a_person(tunable: Path, tmp_path: Path) -> None:
    """One run meets them one after the other, each mended in between, and goes on when the last one is."""
    folder = tmp_path / "encoder"
    shutil.copytree(tunable, folder)
    run = make_folder(tmp_path / "run", folder, some_rows(20, 1), [], LABELS, **{**QUICK, "epochs": 1})
    for tries, (harm, want) in enumerate(HARMS.items(), start=1):
        harmed(folder, harm)
        with pytest.raises(EngineError, match=rf"{want}(.|\n)* Then resume the run\.") as error:
            finetune_run(run.path)
        assert error.value.code is Exit.PERSON
        assert [event.get("ending") for event in read_events(run.events)].count("person") == tries, harm
        shutil.rmtree(folder)
        shutil.copytree(tunable, folder)
    assert finetune_run(run.path) == Exit.OK


def test_bad_folders_are_refused_in_words(tunable: Path, tmp_path: Path) -> None:
    empty = make_folder(tmp_path / "a", tunable, [], [], LABELS, **QUICK)
    with pytest.raises(EngineError, match="no training rows"):
        finetune_run(empty.path)
    unknown = make_folder(tmp_path / "b", tunable, some_rows(9, 1), [], LABELS, **QUICK, strengths=[1.0])
    with pytest.raises(EngineError, match="strengths: ") as error:
        finetune_run(unknown.path)
    assert error.value.code is Exit.BAD_CONFIG
