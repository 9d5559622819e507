"""Frozen means frozen: the same golden samples give the same files, whatever the order they came in."""

import random

import pytest

from common import jsonl
from common.problems import ProblemError
from labeling import services as labeling
from labeling.models import GoldenSample
from tests.factories import SYSTEM, make_project, make_sample
from tests.training.helpers import make_golden
from training.models import Snapshot
from training.services import freeze_rows, freeze_snapshot
from training.services.snapshots import _spec_line, fault_of, folder_of

pytestmark = pytest.mark.django_db


def lines(snapshot: Snapshot, split: str) -> list[dict]:
    return list(jsonl.read(folder_of(snapshot) / f"{split}.jsonl"))


def texts(snapshot: Snapshot, split: str) -> set[str]:
    return {row["prompt"][-1]["content"] for row in lines(snapshot, split)}


def test_the_same_golden_samples_give_the_same_snapshot(shop):
    make_golden(shop, 5)
    first, again = freeze_snapshot(SYSTEM, shop), freeze_snapshot(SYSTEM, shop)
    assert first == again
    make_golden(shop, 1)
    assert freeze_snapshot(SYSTEM, shop).digest != first.digest


def test_the_order_of_review_leaves_no_mark(folders):
    answers = {f"Message number {n} about a parcel": {"labels": ["billing"]} for n in range(12)}
    digests, project = [], make_project()
    for seed in (1, 2):
        project.samples.all().delete()
        for text in random.Random(seed).sample(sorted(answers), len(answers)):
            labeling.decide_known(SYSTEM, make_sample(project, text), answers[text])
        digests.append(freeze_snapshot(SYSTEM, project).digest)
    assert digests[0] == digests[1]


def test_rows_are_prompt_and_completion_in_chat_messages(shop):
    make_golden(shop, 1)
    (row,) = lines(freeze_snapshot(SYSTEM, shop), "train")
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert row["completion"] == [{"role": "assistant", "content": '{"labels": ["billing"]}'}]


def test_the_test_split_is_never_in_train(shop):
    for split in ("train", "validation", "test"):
        make_golden(shop, 4, split)
    snapshot = freeze_snapshot(SYSTEM, shop)
    assert (snapshot.train_rows, snapshot.validation_rows, snapshot.test_rows) == (4, 4, 4)
    in_test = {golden.sample.text for golden in GoldenSample.objects.filter(sample__split="test")}
    assert texts(snapshot, "test") == in_test
    assert not in_test & (texts(snapshot, "train") | texts(snapshot, "validation"))


def test_files_cannot_be_written_and_an_equal_snapshot_leaves_them_alone(shop):
    make_golden(shop, 3)
    path = folder_of(freeze_snapshot(SYSTEM, shop)) / "train.jsonl"
    assert path.stat().st_mode & 0o222 == 0
    before = path.stat()
    freeze_snapshot(SYSTEM, shop)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_pointer_leads_to_the_newest_train_file(shop, settings):
    pointer = settings.SNAPSHOTS_DIR / "shop" / "training_data_latest.jsonl"
    for _ in range(2):
        make_golden(shop, 2)
        snapshot = freeze_snapshot(SYSTEM, shop)
        assert pointer.resolve() == (folder_of(snapshot) / "train.jsonl").resolve()
    assert not list(pointer.parent.glob(".freezing-*"))


def test_a_corrected_answer_replaces_the_old_one(shop):
    (golden,) = make_golden(shop, 1)
    labeling.decide_known(SYSTEM, golden.sample, {"labels": ["praise"]}, source="feedback")
    (row,) = lines(freeze_snapshot(SYSTEM, shop), "train")
    assert row["completion"][0]["content"] == '{"labels": ["praise"]}'


def test_answers_that_no_longer_fit_the_task_are_left_out_and_counted(shop):
    make_golden(shop, 3)  # billing, delivery, praise
    shop = labeling.update_project(SYSTEM, shop, labels=["billing", "delivery"], leave_out=True)
    snapshot = freeze_snapshot(SYSTEM, shop)
    assert snapshot.train_rows == 2
    assert snapshot.left_out == {"the label 'praise' was removed": 1}
    assert snapshot.spec == shop.spec


def test_renamed_merged_and_reordered_labels_keep_their_rows(shop):
    make_golden(shop, 3)  # billing, delivery, praise
    billing, delivery, praise = shop.labels.all()
    labeling.change_label(SYSTEM, billing, name="Invoices")
    labeling.merge_label(SYSTEM, praise, delivery)
    labeling.replace_labels(SYSTEM, shop, ["delivery", "invoices"])
    snapshot = freeze_snapshot(SYSTEM, shop)
    assert (snapshot.train_rows, snapshot.left_out) == (3, {})
    answers = sorted(row["completion"][0]["content"] for row in lines(snapshot, "train"))
    assert answers == ['{"labels": ["delivery"]}', '{"labels": ["delivery"]}', '{"labels": ["invoices"]}']


def test_a_snapshot_of_answers_that_all_lost_their_label_is_refused_with_the_reason(shop):
    make_golden(shop, 1)  # billing
    labeling.remove_label(SYSTEM, shop.labels.get(name="billing"), leave_out=True)
    with pytest.raises(ProblemError, match="'billing' was removed"):
        freeze_snapshot(SYSTEM, shop)


def test_another_task_is_another_snapshot(shop):
    make_golden(shop, 2)
    first = freeze_snapshot(SYSTEM, shop)
    shop = labeling.update_project(SYSTEM, shop, instruction="Tag it, please.")
    second = freeze_snapshot(SYSTEM, shop)
    assert second.digest != first.digest
    assert (first.spec.number, second.spec.number) == (1, 2)


def test_a_task_that_does_not_list_its_labels_is_another_snapshot_and_other_rows(shop):
    make_golden(shop, 1)
    listed = freeze_snapshot(SYSTEM, shop)
    assert "lists_labels" not in _spec_line(listed.spec)  # as before there was a choice
    labeling.update_project(SYSTEM, shop, lists_labels=False)
    bare = freeze_snapshot(SYSTEM, shop)
    assert bare.digest != listed.digest
    assert not bare.spec.to_spec().lists_labels
    said = ["\n".join(row["prompt"][0]["content"] for row in lines(each, "train")) for each in (listed, bare)]
    assert [text.count("Labels:") for text in said] == [1, 0]
    assert fault_of(listed) == fault_of(bare) == ""


def test_nothing_to_train_on_is_said(shop, settings):
    make_golden(shop, 2, "test")
    with pytest.raises(ProblemError, match="no golden samples in the train split"):
        freeze_snapshot(SYSTEM, shop)
    assert not Snapshot.objects.exists()
    assert list((settings.SNAPSHOTS_DIR / "shop").iterdir()) == []


def test_given_rows_are_frozen_the_same_way(shop):
    make_golden(shop, 4)
    whole = freeze_snapshot(SYSTEM, shop)
    rows = {split: lines(whole, split) for split in ("train", "validation", "test")}
    assert freeze_rows(SYSTEM, shop, shop.spec, rows, note="again") == whole
    first, last = rows["train"][0], rows["train"][-1]
    first["completion"], last["completion"] = last["completion"], first["completion"]
    spoiled = freeze_rows(SYSTEM, shop, shop.spec, rows, note="shuffled labels")
    assert spoiled.digest != whole.digest
    assert spoiled.note == "shuffled labels"
