"""Frozen means frozen: the same golden samples give the same files, whatever the order they came in."""

import random

import pytest

from common import jsonl
from labeling import services as labeling
from labeling.models import GoldenSample
from labeling.problems import ProblemError
from tests.factories import make_project, make_sample
from tests.training.helpers import make_golden
from training.models import Snapshot
from training.services import freeze_rows, freeze_snapshot
from training.services.snapshots import folder_of

pytestmark = pytest.mark.django_db


def lines(snapshot: Snapshot, split: str) -> list[dict]:
    return list(jsonl.read(folder_of(snapshot) / f"{split}.jsonl"))


def texts(snapshot: Snapshot, split: str) -> set[str]:
    return {row["prompt"][-1]["content"] for row in lines(snapshot, split)}


def test_the_same_golden_samples_give_the_same_snapshot(shop):
    make_golden(shop, 5)
    first, again = freeze_snapshot(shop), freeze_snapshot(shop)
    assert first == again
    make_golden(shop, 1)
    assert freeze_snapshot(shop).digest != first.digest


def test_the_order_of_review_leaves_no_mark(folders):
    answers = {f"Message number {n} about a parcel": {"labels": ["billing"]} for n in range(12)}
    digests = []
    for key, seed in (("left", 1), ("right", 2)):
        project = make_project(key)
        for text in random.Random(seed).sample(sorted(answers), len(answers)):
            labeling.approve_known_answer(make_sample(project, text), project.spec, answers[text])
        digests.append(freeze_snapshot(project).digest)
    assert digests[0] == digests[1]


def test_rows_are_prompt_and_completion_in_chat_messages(shop):
    make_golden(shop, 1)
    (row,) = lines(freeze_snapshot(shop), "train")
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert row["completion"] == [{"role": "assistant", "content": '{"labels": ["billing"]}'}]


def test_the_test_split_is_never_in_train(shop):
    for split in ("train", "validation", "test"):
        make_golden(shop, 4, split)
    snapshot = freeze_snapshot(shop)
    assert (snapshot.train_rows, snapshot.validation_rows, snapshot.test_rows) == (4, 4, 4)
    in_test = {golden.sample.text for golden in GoldenSample.objects.filter(sample__split="test")}
    assert texts(snapshot, "test") == in_test
    assert not in_test & (texts(snapshot, "train") | texts(snapshot, "validation"))


def test_files_cannot_be_written_and_an_equal_snapshot_leaves_them_alone(shop):
    make_golden(shop, 3)
    path = folder_of(freeze_snapshot(shop)) / "train.jsonl"
    assert path.stat().st_mode & 0o222 == 0
    before = path.stat()
    freeze_snapshot(shop)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_pointer_leads_to_the_newest_train_file(shop, settings):
    pointer = settings.SNAPSHOTS_DIR / "shop" / "training_data_latest.jsonl"
    for _ in range(2):
        make_golden(shop, 2)
        snapshot = freeze_snapshot(shop)
        assert pointer.resolve() == (folder_of(snapshot) / "train.jsonl").resolve()
    assert not list(pointer.parent.glob(".freezing-*"))


def test_a_corrected_answer_replaces_the_old_one(shop):
    (golden,) = make_golden(shop, 1)
    labeling.approve_known_answer(golden.sample, shop.spec, {"labels": ["praise"]}, source="feedback")
    (row,) = lines(freeze_snapshot(shop), "train")
    assert row["completion"][0]["content"] == '{"labels": ["praise"]}'


def test_answers_that_no_longer_fit_the_task_are_left_out(shop):
    make_golden(shop, 3)  # billing, delivery, praise
    shop = labeling.update_project(None, shop, labels=["billing", "delivery"])
    snapshot = freeze_snapshot(shop)
    assert snapshot.train_rows == 2
    assert snapshot.spec == shop.spec


def test_another_task_is_another_snapshot(shop):
    make_golden(shop, 2)
    first = freeze_snapshot(shop)
    shop = labeling.update_project(None, shop, instruction="Tag it, please.")
    second = freeze_snapshot(shop)
    assert second.digest != first.digest
    assert (first.spec.number, second.spec.number) == (1, 2)


def test_nothing_to_train_on_is_said(shop, settings):
    make_golden(shop, 2, "test")
    with pytest.raises(ProblemError, match="no golden samples in the train split"):
        freeze_snapshot(shop)
    assert not Snapshot.objects.exists()
    assert list((settings.SNAPSHOTS_DIR / "shop").iterdir()) == []


def test_given_rows_are_frozen_the_same_way(shop):
    make_golden(shop, 4)
    whole = freeze_snapshot(shop)
    rows = {split: lines(whole, split) for split in ("train", "validation", "test")}
    assert freeze_rows(shop, shop.spec, rows, note="again") == whole
    first, last = rows["train"][0], rows["train"][-1]
    first["completion"], last["completion"] = last["completion"], first["completion"]
    spoiled = freeze_rows(shop, shop.spec, rows, note="shuffled labels")
    assert spoiled.digest != whole.digest
    assert spoiled.note == "shuffled labels"
