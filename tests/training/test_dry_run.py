"""`start_run --dry-run`: what a run would be, and what would be refused, with nothing kept."""

import io
import re
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from common.problems import ProblemError
from tests.factories import SYSTEM, acting, make_expert
from tests.training.helpers import make_base, make_golden, make_policy
from training.models import Snapshot, TrainingRun
from training.services import freeze_snapshot, start_run
from training.services.dryruns import dry_run

pytestmark = [pytest.mark.ml, pytest.mark.django_db]


@pytest.fixture
def ready(shop, tiny_base: Path):
    make_golden(shop, 10)
    make_golden(shop, 2, "validation")
    options = {"epochs": 2, "min_updates": 20, "threads": 1, "batch_size": 2}
    make_policy(shop, base=make_base(tiny_base, revision=""), **options)
    return shop


def told(*more: str) -> dict[str, str]:
    out = io.StringIO()
    try:
        call_command("start_run", "--project", "shop", "--dry-run", *more, stdout=out)
    except CommandError as error:
        out.write(f"error       {error}")
    return dict(line.split(maxsplit=1) for line in out.getvalue().splitlines())


def test_it_tells_rows_tokens_updates_padding_parameters_memory_and_minutes(ready, settings):
    lines = told("--set", "lora.r=8")
    assert lines["rows"] == "10 train, 2 validation"
    listed = re.fullmatch(r"(\d+) tokens on average, (\d+) of which list the labels", lines["prompt"])
    assert listed
    assert 5 < int(listed[2]) < int(listed[1])
    assert lines["updates"] == "20 of 2 rows, 4 passes, 1 to warm up"
    assert lines["tokens"].endswith("in all")
    assert lines["padding"].endswith("% of what is computed")
    trained, _, whole = lines["parameters"].partition(" trained of ")
    assert int(trained.replace(",", "")) == 77_824
    assert int(whole.replace(",", "")) > 500_000
    assert lines["memory"].endswith("GB (cpu)")
    assert lines["minutes"].startswith("about ")
    assert lines["refused"] == "nothing"
    assert not TrainingRun.objects.exists()
    assert not Snapshot.objects.exists()
    assert not list(Path(settings.SNAPSHOTS_DIR).rglob("*.jsonl"))
    assert not list(Path(settings.RUNS_DIR).rglob("*"))


def test_it_tells_what_would_be_refused(ready):
    report = dry_run(SYSTEM, ready, overrides={"max_length": 30})
    assert any("No training row is left" in sentence for sentence in report["refused"]), report
    lines = told("--set", "lora.target_modules=[q_prj]")
    assert "Did you mean q_proj?" in lines["refused"]
    assert lines["error"] == "The run would be refused."
    start_run(SYSTEM, ready, trigger="manual")
    assert "is queued on this very snapshot" in told()["refused"]
    assert told("--again")["refused"] == "nothing"


def test_a_frozen_snapshot_is_told_of_as_well(ready):
    snapshot = freeze_snapshot(SYSTEM, ready)
    make_golden(ready, 5)
    assert dry_run(SYSTEM, ready, snapshot=snapshot)["rows"]["train_rows"] == 10
    assert dry_run(SYSTEM, ready)["rows"]["train_rows"] == 15


def test_what_cannot_be_told_is_said(shop, ready):
    with pytest.raises(ProblemError, match="There is no such option"):
        dry_run(SYSTEM, ready, overrides={"epoks": 1})
    with pytest.raises(PermissionDenied, match="may not operate"):
        dry_run(acting(make_expert(shop, "ana")), ready)
