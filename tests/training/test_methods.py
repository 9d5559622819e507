"""A project or a run chooses a method; what does not fit, and what no server serves, is said in one sentence."""

import json

import pytest
from django.core.exceptions import ValidationError

from common.problems import ConflictError, ProblemError
from deployment.artifacts.build import request_build
from deployment.artifacts.editing import editable
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.rebuilding import rebuild
from deployment.artifacts.retention import keeping
from deployment.files import file_of
from deployment.models import Artifact, ServingPolicy, StagedVersion
from deployment.promotion.plan import plan_promotion
from deployment.sweep import due_builds, due_stagings
from labeling import services as labeling
from tests.deployment.standins import make_server, serve_from
from tests.factories import SYSTEM, make_admin, make_operator, make_project, make_sample
from tests.training.helpers import make_base, make_golden, make_policy
from tests.training.test_api import API, client_of
from training.engine.rundir import RunDir
from training.forms import StartRunForm
from training.methods import METHODS, SFT
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


@pytest.fixture
def headed(shop):
    """A version with a head, in a project that is served, and the news of it acted on."""
    serve_from(shop, make_server("http://127.0.0.1:1"))
    make_golden(shop, 2)
    run = start_run(SYSTEM, shop, trigger=MANUAL, base=make_base(), method="lm_head")
    folder = RunDir(run_folder(run))
    folder.path.mkdir(parents=True)
    files = {"adapter/adapter_model.safetensors": {"sha256": "f" * 64}}
    folder.manifest.write_text(json.dumps({"files": files, "head": {"labels": ["a", "b"]}}))
    TrainingRun.objects.filter(pk=run.pk).update(state="succeeded")
    version = publish_version(run)
    request_build(version)
    return version


def test_a_version_that_no_server_serves_says_so_and_asks_nobody_for_anything(shop, headed, client):
    assert (headed.method, headed.adapter_digest) == ("lm_head", "f" * 64)
    said = "no model server serves that yet"
    assert due_builds(shop) == []
    assert due_stagings(ServingPolicy.objects.get()) == []
    assert not Artifact.objects.exists()
    assert not StagedVersion.objects.exists()
    keeping(shop)
    file = file_of(headed)
    assert (file.under_way, file.built, file.failed, file.label) == (False, False, False, "no server serves it")
    reason = why_nowhere(headed)
    assert reason
    assert said in reason.sentence
    (obstacle,) = plan_promotion(headed).obstacles
    assert said in obstacle
    ada = make_admin("ada")
    for refused in (lambda: rebuild(SYSTEM, headed), lambda: editable(headed)):
        with pytest.raises(ConflictError, match=said):
            refused()
    client.force_login(ada)
    for page in ("deployments", f"versions/{headed.number}"):
        assert said in client.get(f"/projects/shop/{page}/").content.decode(), page


def test_what_servers_serve_has_no_such_sentence(shop):
    assert SFT.unserved == ""
