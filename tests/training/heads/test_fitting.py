"""The light engine: what a run folder becomes, what is said of it, and what is refused."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from common.encoder.record import FULL, RECORD
from tests.encoders import make_encoder
from tests.training.engine.folders import validated_figure
from tests.training.heads.folders import (
    TELLING,
    VOCABULARY,
    make_folder,
    row_of,
    some_rows,
)
from training.engine.errors import EngineError, Exit
from training.engine.events import read_events
from training.engine.rundir import RunDir
from training.heads.fitting import fit_run
from training.heads.folder import load, load_proof

pytestmark = pytest.mark.pure
LABELS = dict.fromkeys(sorted(TELLING), "")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoders") / "tiny", VOCABULARY)


def metrics_of(run: RunDir) -> dict:
    return json.loads(run.manifest.read_text())["metrics"]


def said(run: RunDir) -> str:
    return "\n".join(event["message"] for event in read_events(run.events) if event["kind"] == "warning")


@pytest.mark.parametrize("several", [True, False], ids=["several labels", "one label"])
def test_a_run_folder_becomes_a_head_with_calibrated_probabilities(
    encoder: Path, tmp_path: Path, several: bool
) -> None:
    rows = (some_rows(count, count, several=several) for count in (120, 40))
    run = make_folder(tmp_path / "run", encoder, *rows, LABELS, several=several)
    assert fit_run(run.path, lease="a-token") == Exit.OK
    told = metrics_of(run)
    assert told["figure"] > 0.75
    assert told["head"]["left_out_figure"] > 0.75
    assert told["head"]["calibration_error"] < 0.15
    assert told["head"]["encoder"]["name"] == "tests/tiny"
    assert (told["train_rows"], told["validation_rows"]) == (120, 40)
    assert validated_figure(run.path) == pytest.approx(told["figure"])
    fitted, proof = load(run.head), load_proof(run.head)
    assert fitted.record.answering.labels == list(LABELS)
    assert proof.chances.shape == (len(proof.messages), 3)
    assert len(proof.messages) > 50, "training rows stand in for few validation rows"
    if not several:
        assert np.allclose(proof.chances.sum(axis=1), 1.0, atol=1e-5)
    events = read_events(run.events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["kind"] == "finished"
    steps = {event["step"]: event["kind"] for event in events if event["kind"] in {"checkpoint", "progress"}}
    assert list(steps) == list(range(1, told["steps"] + 1))
    assert list(steps.values())[-2:] == ["progress", "progress"], "the last fit is not kept"
    assert set(list(steps.values())[:-2]) == {"checkpoint"}
    assert fit_run(run.path) == Exit.OK, "a complete run is left as it is"
    assert read_events(run.events) == events


def test_calibration_brings_the_figures_of_rare_labels_to_what_they_mean(encoder: Path, tmp_path: Path) -> None:
    rare = [row_of("hello dear team", {"labels": []})] * 5
    train = [row for row in some_rows(200, 3) if "praise" not in row["completion"][0]["content"]] + rare
    train += [row_of(f"thanks {word}", {"labels": ["praise"]}) for word in ("now", "again", "dear", "good")]
    run = make_folder(tmp_path / "run", encoder, train, some_rows(30, 4), LABELS)
    fit_run(run.path)
    head = metrics_of(run)["head"]
    assert head["calibration_error"] < head["calibration_error_before"]


def test_labels_without_examples_are_said_and_known_by_their_description(encoder: Path, tmp_path: Path) -> None:
    labels = {**LABELS, "complaint": "angry", "never_seen": ""}
    run = make_folder(tmp_path / "run", encoder, some_rows(80, 1), some_rows(20, 2), labels)
    fit_run(run.path)
    head = metrics_of(run)["head"]
    assert (head["only_described"], head["untaught"]) == (["complaint"], ["never_seen"])
    assert "No training row has complaint: known from what the task says of them alone." in said(run)
    assert "No training row has never_seen, and the task says nothing of them" in said(run)
    assert load_proof(run.head).chances[:, 4].max() < 0.05


def test_long_texts_and_other_scripts_are_counted_and_said(encoder: Path, tmp_path: Path) -> None:
    odd = [row_of("refund " * 60, {"labels": ["billing"]}), row_of("Где моя посылка", {"labels": ["delivery"]})]
    run = make_folder(tmp_path / "run", encoder, some_rows(40, 1) + odd, some_rows(10, 2), LABELS)
    fit_run(run.path)
    told = metrics_of(run)
    # Of the proof's odd questions one is long, and five are in characters or words that this vocabulary does not have.
    assert (told["cut"], told["unknown"]) == (2, 6)
    assert "longer than the 16 tokens that the encoder reads" in said(run)
    assert "mostly in characters that the encoder does not know" in said(run)


def test_few_rows_are_fitted_and_nothing_is_promised(encoder: Path, tmp_path: Path) -> None:
    run = make_folder(tmp_path / "run", encoder, some_rows(6, 1), [], LABELS)
    fit_run(run.path)
    told = metrics_of(run)
    assert (told["figure"], told["head"]["calibration_error"]) == (None, None)
    assert "too few to leave any out" in said(run)


def test_a_thousand_labels_take_seconds(encoder: Path, tmp_path: Path) -> None:
    names = [f"label_{number}" for number in range(1000)]
    words = {name: f"word{number}" for number, name in enumerate(names)}
    wide = make_encoder(tmp_path / "wide", " ".join(words.values()), dimension=32)
    train = [row_of(f"{words[name]} it", {"label": name}) for name in names]
    began = time.process_time()
    run = make_folder(
        tmp_path / "run", wide, train, train[:50], dict.fromkeys(names, ""), several=False, strengths=[100.0]
    )
    fit_run(run.path)
    assert time.process_time() - began < 90
    assert len(load(run.head).record.answering.labels) == 1000
    assert metrics_of(run)["figure"] > 0.5


@pytest.mark.parametrize("harm", ["gone", "damaged", "another"])
def test_an_encoder_that_cannot_be_used_waits_for_a_person(tmp_path: Path, harm: str) -> None:
    folder = make_encoder(tmp_path / "encoder", VOCABULARY)
    run = make_folder(tmp_path / "run", folder, some_rows(20, 1), [], LABELS)
    if harm == "gone":
        (folder / RECORD).unlink()
    elif harm == "damaged":
        (folder / FULL).write_bytes(b"no graph")
    else:
        make_encoder(folder, f"{VOCABULARY} more words")
    want = {"gone": "no sentence encoder in", "damaged": "is damaged", "another": "whose vectors are others"}[harm]
    with pytest.raises(EngineError, match=rf"{want}(.|\n)* Then resume the run\.") as error:
        fit_run(run.path)
    assert error.value.code is Exit.PERSON
    assert read_events(run.events)[-1]["ending"] == "person"
    make_encoder(folder, VOCABULARY)
    assert fit_run(run.path) == Exit.OK


def test_bad_folders_are_refused_in_words(encoder: Path, tmp_path: Path) -> None:
    strange = make_folder(tmp_path / "a", encoder, [row_of("hello", {"labels": ["what"]})], [], LABELS)
    with pytest.raises(EngineError, match=r"train\.jsonl, row 1: the labels what, which the task does not know"):
        fit_run(strange.path)
    empty = make_folder(tmp_path / "b", encoder, [], [], LABELS)
    with pytest.raises(EngineError, match="no training rows"):
        fit_run(empty.path)
    unknown = make_folder(tmp_path / "c", encoder, some_rows(9, 1), [], LABELS, strength=3)
    with pytest.raises(EngineError, match="strength: ") as error:
        fit_run(unknown.path)
    assert error.value.code is Exit.BAD_CONFIG


def test_orders_are_obeyed_between_two_texts(encoder: Path, tmp_path: Path) -> None:
    run = make_folder(tmp_path / "run", encoder, some_rows(30, 1), [], LABELS)
    run.give("pause")
    assert fit_run(run.path) == Exit.PAUSED
    assert run.order() is None, "a pause is used up"
    run.give("cancel")
    assert fit_run(run.path) == Exit.CANCELLED
    run.give("")
    assert fit_run(run.path) == Exit.OK
