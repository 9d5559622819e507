"""A run's folder is put right before each attempt: another host, other files, another order."""

import shutil

import pytest
import yaml

from common import jsonl
from common.problems import ProblemError
from tests.training.helpers import add_events, make_golden, make_run
from training.models import TrainingRun
from training.services import run_folder, supervisor
from training.services.folders import prepare_folder
from training.services.snapshots import folder_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(shop) -> TrainingRun:
    make_golden(shop, 3)
    return make_run(shop)


def test_rows_that_somebody_changed_are_those_of_the_snapshot_again(run):
    folder = prepare_folder(run)
    (folder / "data" / "train.jsonl").write_text("")
    prepare_folder(run)
    frozen = folder_of(run.snapshot) / "train.jsonl"
    assert (folder / "data" / "train.jsonl").read_bytes() == frozen.read_bytes()


def test_options_that_somebody_changed_are_those_of_the_run_again(run):
    folder = prepare_folder(run)
    (folder / "config.yaml").write_text("lora: {r: 3}")
    prepare_folder(run)
    assert yaml.safe_load((folder / "config.yaml").read_text())["lora"]["r"] == 16


def test_the_base_is_looked_for_on_this_host_each_time(run, settings, tmp_path):
    folder = prepare_folder(run)
    assert yaml.safe_load((folder / "config.yaml").read_text())["base_model"]["name"] == "org/some-model"
    settings.MODELS_DIR = tmp_path
    (tmp_path / "org" / "some-model").mkdir(parents=True)
    prepare_folder(run)
    found = yaml.safe_load((folder / "config.yaml").read_text())["base_model"]["name"]
    assert found == str(tmp_path / "org" / "some-model")


def test_a_snapshot_that_was_changed_is_refused_in_words(run):
    frozen = folder_of(run.snapshot) / "train.jsonl"
    frozen.chmod(0o644)
    frozen.write_text("{}\n")
    supervisor.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.ending) == ("failed", "person")
    assert "are not what was frozen (their digest is another one)" in run.error


def test_a_snapshot_of_another_host_is_refused_in_words_where_the_run_has_no_rows_yet(run):
    shutil.rmtree(folder_of(run.snapshot))
    with pytest.raises(ProblemError, match="are not on this host"):
        prepare_folder(run)


def test_a_run_that_has_its_rows_needs_the_snapshot_no_more(run):
    folder = prepare_folder(run)
    shutil.rmtree(folder_of(run.snapshot))
    assert prepare_folder(run) == folder


def test_on_another_host_the_story_goes_on_and_says_that_it_starts_anew(run):
    add_events(run, 4)
    run.step = 4
    folder = prepare_folder(run)
    told = list(jsonl.read(folder / "events.jsonl"))
    assert [event["seq"] for event in told] == [1, 2, 3, 4, 5, 6]
    assert told[1]["loss"] == 3.0
    assert "checkpoints are not on this host" in told[-1]["message"]
    prepare_folder(run)
    assert list(jsonl.read(folder / "events.jsonl")) == told


def test_events_that_the_rows_do_not_know_yet_are_kept(run):
    folder = prepare_folder(run)
    (folder / "events.jsonl").write_text('{"seq": 9, "kind": "step", "step": 1, "loss": 1.0}\n')
    add_events(run, 2)
    prepare_folder(run)
    assert [event["seq"] for event in jsonl.read(run_folder(run) / "events.jsonl")] == [9]
