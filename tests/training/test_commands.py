"""The management commands of this floor."""

import io

import pytest
from django.core.management import CommandError, call_command

from tests.training.helpers import gpu_worker_lives, make_golden, make_policy
from training.models import BaseModel, Snapshot, TrainingRun

pytestmark = pytest.mark.django_db


def said(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_base_is_registered():
    out, _ = said("register_base", "--name", "big", "--location", "org/big", "--revision", "abc")
    assert out == "big: org/big abc\n"
    assert BaseModel.objects.get().revision == "abc"


def test_a_snapshot_is_frozen(shop):
    make_golden(shop, 3)
    out, _ = said("freeze_snapshot", "--project", "shop", "--note", "before the move")
    snapshot = Snapshot.objects.get()
    assert out.splitlines()[:2] == [snapshot.digest, "3 train, 0 validation, 0 test"]
    assert snapshot.note == "before the move"


def test_a_run_is_started(shop):
    make_golden(shop, 3)
    make_policy(shop)
    out, err = said(
        "start_run", "--project", "shop", "--profile", "developer", "--set", "max_steps=9", "--set", "seed=7"
    )
    run = TrainingRun.objects.get()
    assert out.strip() == str(run.uid)
    assert "No GPU worker is alive" in err
    assert (run.config["max_steps"], run.config["seed"], run.profile.name) == (9, 7, "developer")
    gpu_worker_lives()
    assert said("start_run", "--project", "shop")[1] == ""


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["freeze_snapshot", "--project", "none"], "There is no project none"),
        (["freeze_snapshot", "--project", "shop"], "no golden samples"),
        (["start_run", "--project", "shop", "--profile", "none"], "There is no training profile none"),
        (["start_run", "--project", "shop"], "No base model is chosen"),
        (["start_run", "--project", "shop", "--set", "seed"], "OPTION=VALUE"),
    ],
)
def test_mistakes_are_said(shop, words, complaint):
    with pytest.raises(CommandError, match=complaint):
        call_command(*words)
