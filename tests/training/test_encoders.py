"""Sentence encoders as bases: listed by themselves, looked at without torch, and mixed up with nothing."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from common.problems import ProblemError
from labeling.models import Event
from labeling.services import create_project
from tests.deployment.standins import make_server
from tests.encoders import make_encoder
from tests.factories import SYSTEM, make_admin, make_operator, make_project
from tests.heads import ENCODER, NAME, have_encoder, make_answers, make_head, make_head_run
from tests.training.heads.folders import VOCABULARY
from tests.training.helpers import make_base, make_policy
from tests.training.test_api import API, client_of
from training.forms import BaselineForm
from training.higher import serving_obstacle
from training.methods import HEAD, SFT
from training.models import BaseModel, RetrainPolicy, TrainingRun
from training.services import (
    check_trigger,
    create_baseline,
    list_encoder,
    load_builtin_profiles,
    register_base,
    start_run,
)
from training.services.dryruns import dry_run
from training.services.looks import look
from training.services.policies import give_retrain_policy
from training.tasks import check_triggers

pytestmark = pytest.mark.django_db
MANUAL = TrainingRun.Trigger.MANUAL


@pytest.fixture
def encoder(settings, tmp_path):
    return have_encoder(settings, tmp_path / "models")


def test_the_configured_encoder_is_listed_once_and_looked_at(encoder, sent, transactional_db):
    check_triggers()
    base = BaseModel.objects.get()
    assert (base.name, base.location, base.role, base.is_encoder) == ("words", ENCODER, "encoder", True)
    check_triggers()
    assert sent == [("training.look_at_encoder", base.pk)] * 2, "asked for, and found by the sweep once more"
    assert list_encoder(SYSTEM) == base
    assert Event.objects.filter(verb="base_model.registered").count() == 1
    look(base.pk)
    base.refresh_from_db()
    assert (base.state, base.problems, base.facts["limit"], base.facts["dimension"]) == ("well", [], 16, 64)


def test_another_encoder_in_its_place_is_another_base(encoder, sent):
    first = list_encoder(SYSTEM)
    make_encoder(encoder, f"{VOCABULARY} more words", name=NAME)
    second = list_encoder(SYSTEM)
    assert second != first
    assert second.name == f"words {second.revision[:12]}"
    assert list(BaseModel.objects.encoders()) == [first, second]


def test_without_an_encoder_it_is_said_how_to_get_one(settings, tmp_path, shop):
    settings.MODELS_DIR, settings.ENCODER_DIR = tmp_path, tmp_path / "none"
    make_answers(shop, 3)
    assert list_encoder(SYSTEM) is None
    tmp_path.joinpath("none").mkdir()
    tmp_path.joinpath("none", "encoder.json").symlink_to("/proc/self/mem")  # is there, and cannot be read
    assert list_encoder(SYSTEM) is None
    with pytest.raises(ProblemError, match=r"no sentence encoder yet.*`make encoder`"):
        make_head_run(shop)


def test_a_damaged_encoder_is_refused_by_the_look_and_seen_anew_once_it_was_made_again(encoder, sent, transactional_db):
    whole = (encoder / "model.onnx").read_bytes()
    (encoder / "model.onnx").write_bytes(b"damaged")
    base = list_encoder(SYSTEM)
    look(base.pk)
    base.refresh_from_db()
    assert base.state == "refused"
    assert "is damaged or another file. Make it again with `make encoder`" in base.obstacle
    sent.clear()
    list_encoder(SYSTEM)
    assert sent == [], "nothing was made again"
    (encoder / "model.onnx").write_bytes(whole)
    (encoder / "encoder.json").touch()
    list_encoder(SYSTEM)
    assert sent == [("training.look_at_encoder", base.pk)]


def test_neither_is_taken_for_the_other(encoder, shop):
    make_answers(shop, 6)
    small, language = list_encoder(SYSTEM), make_base()
    with pytest.raises(ProblemError, match=r"some-base is a language model\. Choose a sentence encoder as its base"):
        make_head_run(shop, base=language)
    with pytest.raises(ProblemError, match=r"words is a sentence encoder, and Language model \(sft\) is made of"):
        start_run(SYSTEM, shop, trigger=MANUAL, base=small)
    with pytest.raises(ProblemError, match="answers nothing by itself"):
        create_baseline(SYSTEM, shop, small)
    policy = make_policy(shop, base=language)
    policy.method = HEAD.name
    with pytest.raises(ValidationError, match="is made of a sentence encoder"):
        policy.full_clean()
    for base in (small, None):
        policy.base, policy.profile = base, None
        policy.full_clean()
    policy.method = SFT.name
    with pytest.raises(ValidationError, match="needs one: choose it"):
        policy.full_clean()
    assert list(BaselineForm().fields["base"].queryset) == [language]
    with pytest.raises(ProblemError, match="is fitted in seconds and needs no dry run"):
        dry_run(SYSTEM, shop, base=small, method="head")
    assert SFT.misfit(language) == HEAD.misfit(small) == ""


def test_the_method_alone_is_enough_and_a_run_repeats(encoder, shop, sent):
    make_answers(shop, 6)
    make_policy(shop)  # by sft, on a language model
    run = make_head_run(shop, overrides={"folds": 3})
    assert (run.base.is_encoder, run.profile, run.method, run.way) == (True, None, "head", HEAD)
    assert run.config["task"]["labels"][0] == {"name": "billing", "description": ""}
    assert (run.config["task"]["several"], run.config["folds"]) == (True, 3)
    assert ("training.fit_head", run.pk) in sent
    with pytest.raises(ProblemError, match=r"The training options cannot be used\. learning_rate"):
        make_head_run(shop, overrides={"learning_rate": 1})
    with pytest.raises(ProblemError, match="task: the project's task says the labels"):
        make_head_run(shop, overrides={"task": {}})


def test_the_trigger_fits_what_the_policy_says(encoder, shop):
    base = list_encoder(SYSTEM)
    policy = make_policy(shop, threshold=4, base=base)
    RetrainPolicy.objects.filter(pk=policy.pk).update(method="head")
    make_answers(shop, 6)
    run = check_trigger(shop)
    assert (run.method, run.base, run.trigger) == ("head", base, "threshold")


def test_a_policy_of_heads_leaves_the_base_open(encoder, shop, client):
    policy = make_policy(shop, threshold=4)
    client.force_login(make_admin("ada"))
    url = reverse("admin:training_retrainpolicy_change", args=[policy.pk])
    asked = {"project": shop.pk, "threshold": 4, "profile": "", "base": policy.base_id, "method": "head"}
    asked |= {"enabled": "on", "margin": 0.01, "draft_every": 10}
    assert client.post(url, asked).status_code == 302
    policy.refresh_from_db()
    assert (policy.method, policy.base, policy.profile) == ("head", None, None)
    assert "the sentence encoder of this installation" in client.get("/projects/shop/runs/").content.decode()
    list_encoder(SYSTEM)
    make_answers(shop, 6)
    run = check_trigger(shop)
    assert (run.method, run.base.is_encoder) == ("head", True)


def test_a_new_project_of_labels_trains_by_a_head_where_a_server_can_serve_it(encoder, shop, sent):
    register_base(SYSTEM, "shipped", "smollm2-135m-instruct")
    load_builtin_profiles(SYSTEM)
    policy = give_retrain_policy(SYSTEM, shop)
    assert (policy.method, policy.base, policy.profile.name) == ("head", None, "developer")
    policy.full_clean()
    letters = create_project(SYSTEM, key="letters", name="Letters", kind="text", instruction="Answer it.")
    assert (letters.retrain_policy.method, letters.retrain_policy.base.name) == ("sft", "shipped")
    make_server("http://127.0.0.1:1", kind="ollama", name="elsewhere")
    other = give_retrain_policy(SYSTEM, make_project("other"))
    assert (other.method, other.base.name) == ("sft", "shipped")
    assert "elsewhere (Ollama) cannot serve" in serving_obstacle(shop, HEAD)
    make_server("http://127.0.0.1:2", kind="local", name="here")
    assert serving_obstacle(shop, HEAD) == ""
    assert give_retrain_policy(SYSTEM, make_project("third")).method == "head"


def test_the_page_and_the_api_offer_it(encoder, shop, client):
    policy = make_policy(shop)
    make_answers(shop, 6)
    olga = make_operator(shop, "olga")
    list_encoder(SYSTEM)
    api = client_of(olga, shop, "operate", "read")
    answer = api.post(f"{API}/runs", {"method": "head"}, format="json")
    assert (answer.status_code, answer.json()["method"], answer.json()["base"]) == (201, "head", "words")
    assert answer.json()["profile"] is None
    said = api.post(f"{API}/runs", {"method": "head", "base": "some-base"}, format="json")
    assert (said.status_code, "is a language model" in said.content.decode()) == (400, True)
    client.force_login(olga)
    page = client.get("/projects/shop/runs/").content.decode()
    assert "words (sentence encoder)" in page
    assert "Head on a sentence encoder" in page
    asked = {"profile": policy.profile_id, "base": "", "method": "head", "again": "on"}
    assert client.post("/projects/shop/runs/start/", asked).status_code == 302
    assert TrainingRun.objects.first().base.is_encoder
    # The method alone is changed; the base is what the page offered, and the policy's.
    asked = {"profile": policy.profile_id, "base": policy.base_id, "method": "head", "again": "on"}
    assert client.post("/projects/shop/runs/start/", asked).status_code == 302
    assert TrainingRun.objects.first().base.is_encoder
    other = register_base(SYSTEM, "another", "org/another-model", "r1")
    client.post("/projects/shop/runs/start/", {**asked, "base": other.pk})
    assert TrainingRun.objects.count() == 3, "a base that was chosen is not replaced"
    assert client.post("/projects/shop/runs/start/", {"base": "", "method": "head", "again": "on"}).status_code == 302
    assert TrainingRun.objects.count() == 4, "without a profile"
    client.force_login(make_admin("ada"))
    base = BaseModel.objects.encoders().get()
    page = client.get(reverse("admin:training_basemodel_change", args=[base.pk])).content.decode()
    assert "sentence encoder" in page


def test_a_version_says_what_it_does_not_know(encoder, shop):
    make_answers(shop, 24)
    version = make_head(shop)
    assert (version.method, version.is_head, len(version.adapter_digest)) == ("head", True, 64)
    assert version.head_told["encoder"]["name"] == NAME
    assert version.head_told["calibration_error"] is not None
