"""A project or a run chooses a method; what does not fit is said in one sentence."""

import json

import pytest
from django.core.exceptions import ValidationError

from common.problems import ProblemError
from labeling import services as labeling
from tests.factories import SYSTEM, make_operator, make_project, make_sample
from tests.training.helpers import make_base, make_golden, make_policy
from tests.training.test_api import API, client_of
from training.engine.rundir import RunDir
from training.forms import StartRunForm
from training.methods import HEADS, METHODS
from training.models import TrainingRun, validate_profile
from training.services import publish_version, repeat_run, run_folder, start_run

pytestmark = pytest.mark.django_db
MANUAL = TrainingRun.Trigger.MANUAL


@pytest.mark.parametrize("method", METHODS.values())
def test_every_method_says_what_it_needs_and_yields(method):
    assert METHODS[method.name] is method
    assert method.title
    assert method.needs
    assert method.yields
    assert method.obstacle(make_project(f"a-{method.name}")) == ""


def test_the_policy_gives_the_method_and_a_run_may_choose_another(shop):
    policy = make_policy(shop)
    policy.method = "lm_head"
    policy.save()
    make_golden(shop, 2)
    run = start_run(SYSTEM, shop, trigger=MANUAL)
    assert (run.method, run.config["objective"], run.config["instruction"]) == (
        "lm_head", "lm_head", shop.spec.instruction,
    )  # fmt: skip
    other = start_run(SYSTEM, shop, trigger=MANUAL, method="sft")
    assert (other.method, other.config["instruction"]) == ("sft", None)
    labeling.update_project(SYSTEM, shop, instruction="Another one.")
    TrainingRun.objects.filter(pk=run.pk).update(state="failed")
    run.refresh_from_db()
    assert repeat_run(SYSTEM, run).config == run.config
    with pytest.raises(ProblemError, match="There is no method guessing; choose one of sft, lm_head"):
        start_run(SYSTEM, shop, trigger=MANUAL, method="guessing")
    with pytest.raises(ProblemError, match="the method is chosen by its name"):
        start_run(SYSTEM, shop, trigger=MANUAL, overrides={"objective": "lm_head"})
    with pytest.raises(ValidationError, match="chooses the method"):
        validate_profile({"objective": "lm_head"})


def test_a_kind_without_labels_is_refused_in_one_sentence(folders):
    talk = make_project("talk", kind="text", labels=())
    labeling.decide_known(SYSTEM, make_sample(talk), {"text": "Hello."})
    policy = make_policy(talk)
    with pytest.raises(
        ProblemError, match=r"learns labels, and answers of the kind “Free text” are not made of any\.$"
    ):
        start_run(SYSTEM, talk, trigger=MANUAL, method="lm_head")
    assert not TrainingRun.objects.exists()
    policy.method = "lm_head"
    with pytest.raises(ValidationError, match="learns labels"):
        policy.full_clean()
    assert "method" not in StartRunForm(project=talk).fields


def test_the_api_and_the_page_choose_it(shop, client):
    make_policy(shop)
    make_golden(shop, 2)
    olga = make_operator(shop, "olga")
    run = client_of(olga, shop, "operate", "read").post(f"{API}/runs", {"method": "lm_head"}, format="json").json()
    assert run["method"] == "lm_head"
    client.force_login(olga)
    form = StartRunForm(project=shop, policy=shop.retrain_policy)
    asked = {"profile": form.initial["profile"], "base": form.initial["base"], "method": "lm_head", "again": "on"}
    client.post("/projects/shop/runs/start/", asked)
    assert [row.method for row in TrainingRun.objects.all()] == ["lm_head", "lm_head"]
    assert "classification head" in client.get("/projects/shop/runs/").content.decode()


def test_what_is_a_head_and_what_it_stands_on_are_two_questions():
    assert {name for name, method in METHODS.items() if method.is_head} == HEADS == {"lm_head", "head", "encoder"}
    assert {name for name, method in METHODS.items() if method.of_encoder} == {"head", "encoder"}


def test_a_run_is_told_what_is_answered_and_a_version_is_known_by_what_is_served(shop):
    make_golden(shop, 2)
    run = start_run(SYSTEM, shop, trigger=MANUAL, base=make_base(), method="lm_head")
    assert [label["name"] for label in run.config["task"]["labels"]] == [
        each.name for each in shop.spec.to_spec().labels
    ]
    with pytest.raises(ProblemError, match="task: the project's task says the labels"):
        start_run(SYSTEM, shop, trigger=MANUAL, base=run.base, method="lm_head", overrides={"task": None})
    folder = RunDir(run_folder(run))
    folder.path.mkdir(parents=True)
    files = {"adapter/adapter_model.safetensors": {"sha256": "a" * 64}, "head/head.npz": {"sha256": "f" * 64}}
    folder.manifest.write_text(json.dumps({"files": files, "head": {"labels": ["a", "b"]}}))
    TrainingRun.objects.filter(pk=run.pk).update(state="succeeded")
    version = publish_version(run)
    assert (version.method, version.is_head, version.adapter_digest) == ("lm_head", True, "f" * 64)
