"""Simple methods stand beside a benchmark: from the version's own snapshot, on the same cases."""

import numpy as np
import pytest

from evaluation.models import BaselineResult
from evaluation.services import advance, baseline_results, freeze_suite
from labeling.models import Sample, Split
from labeling.services.vectors.making import make_vectors
from labeling.services.vectors.texts import open_vectors
from tests.encoders import make_encoder
from tests.evaluation.worlds import make_golden, make_standing, make_world, right, text_of
from tests.factories import SYSTEM, remade
from training.models import BaseModel, TrainingRun
from training.services import freeze_snapshot
from training.services.snapshots import folder_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    project = make_world(cases=30)
    for number in range(100, 130):
        make_golden(project, text_of(number), split=Split.TRAIN)
    return project


def test_all_methods_are_worked_out_once(shop):
    suite, snapshot = freeze_suite(shop), freeze_snapshot(SYSTEM, shop)
    rows = baseline_results(suite, snapshot)
    assert [row.name for row in rows] == ["constant", "nearest", "tfidf_logreg", "word_overlap"]
    assert all(row.metrics["cases"] == 30 for row in rows)
    figures = {row.name: row.metrics for row in rows}
    assert figures["tfidf_logreg"]["f1_micro"] > figures["constant"]["f1_micro"]
    for row in figures.values():
        low, high = row["main_interval"]
        assert low <= row["main"] <= high
    assert baseline_results(suite, snapshot) == rows


def test_one_that_is_missing_is_added(shop):
    suite, snapshot = freeze_suite(shop), freeze_snapshot(SYSTEM, shop)
    baseline_results(suite, snapshot)
    BaselineResult.objects.get(name="tfidf_logreg").delete()
    assert len(baseline_results(suite, snapshot)) == 4


def test_a_host_without_the_snapshot_goes_on_without(shop):
    suite, snapshot = freeze_suite(shop), freeze_snapshot(SYSTEM, shop)
    (folder_of(snapshot) / "train.jsonl").rename(folder_of(snapshot) / "gone")
    try:
        assert baseline_results(suite, snapshot) == []
    finally:
        (folder_of(snapshot) / "gone").rename(folder_of(snapshot) / "train.jsonl")


def test_a_judgment_works_them_out_for_the_versions_snapshot(shop, models):
    make_standing(shop, 0)
    staged = make_standing(shop, 1)
    version = staged.version
    run = TrainingRun.objects.create(
        project=shop,
        snapshot=freeze_snapshot(SYSTEM, shop),
        base=BaseModel.objects.get(),
        trigger="manual",
        state="succeeded",
    )
    remade(version, run=run)
    models.answer(0, right)
    advance(staged.pk)
    assert BaselineResult.objects.filter(snapshot=run.snapshot).count() == 4


@pytest.fixture
def encoder(shop, settings, tmp_path):
    texts = [text_of(number) for number in range(130)]
    settings.ENCODER_DIR = make_encoder(tmp_path / "encoder", " ".join(texts), limit=10)
    return settings.ENCODER_DIR


def test_with_an_encoder_its_methods_stand_there_too_and_say_what_was_cut(shop, encoder):
    rows = {row.name: row.metrics for row in baseline_results(freeze_suite(shop), freeze_snapshot(SYSTEM, shop))}
    assert sorted(rows) == ["constant", "head", "nearest_encoder", "tfidf_logreg", "word_overlap"]
    low, high = rows["head"]["main_interval"]
    assert rows["constant"]["main"] < rows["head"]["main"]
    assert low <= rows["head"]["main"] <= high
    told = rows["head"]["encoder"]
    assert (told["name"], told["limit"], told["texts"], told["unknown"]) == ("tests/tiny", 10, 60, 0)
    assert told["cut"] == 0
    assert "encoder" not in rows["tfidf_logreg"]


def test_the_vectors_that_samples_have_are_not_computed_again(shop, encoder, settings, tmp_path):
    settings.VECTORS_DIR = tmp_path / "vectors"
    texts = list(Sample.objects.filter(project=shop).values_list("text", flat=True))
    fresh = open_vectors()
    computed = fresh(texts)
    make_vectors(shop.pk)
    kept = open_vectors()
    assert np.abs(kept([*texts, "what nobody sent"])[:-1] - computed).max() < 1e-3
    assert (fresh.computed, kept.computed) == (len(texts), 1)
    assert kept.told == {**fresh.told, "texts": len(texts) + 1, "unknown": fresh.told["unknown"] + 1}


def test_an_encoder_that_comes_later_adds_its_methods(shop, settings, tmp_path):
    suite, snapshot = freeze_suite(shop), freeze_snapshot(SYSTEM, shop)
    assert len(baseline_results(suite, snapshot)) == 4
    settings.ENCODER_DIR = make_encoder(tmp_path / "encoder", text_of(1))
    assert {"nearest", "nearest_encoder", "head"} < {row.name for row in baseline_results(suite, snapshot)}


def test_a_damaged_encoder_is_done_without(shop, encoder, caplog):
    (encoder / "model.onnx").write_bytes(b"")
    assert "head" not in {row.name for row in baseline_results(freeze_suite(shop), freeze_snapshot(SYSTEM, shop))}
    assert "model.onnx of the sentence encoder" in caplog.text
