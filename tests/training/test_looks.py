"""Registered bases are looked at by a worker; what it refuses cannot be chosen, what nobody saw yet can."""

import shutil

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from common import leases
from common.problems import ProblemError
from labeling.models import Event
from tests.factories import SYSTEM, acting, make_admin, make_manager, make_project
from tests.training.helpers import make_base, make_golden, make_policy
from training.models import BaseModel
from training.services import ask_look, create_baseline, register_base, register_served, save_base, start_run
from training.services.looks import MAX_ATTEMPTS, look, queue_waiting
from training.services.reaper import reap

pytestmark = pytest.mark.django_db
State = BaseModel.State


def refused(base: BaseModel) -> BaseModel:
    BaseModel.objects.filter(pk=base.pk).update(state=State.REFUSED, problems=["The weights are quantized."])
    base.refresh_from_db()
    return base


@pytest.mark.ml
@pytest.mark.django_db(transaction=True)
def test_a_worker_looks_and_keeps_what_it_saw(tiny_base, tmp_path, sent):
    good = register_base(SYSTEM, "good", str(tiny_base))
    assert (good.state, sent) == (State.WAITING, [("training.look", good.pk)])
    cut = tmp_path / "cut"
    shutil.copytree(tiny_base, cut)
    (cut / "model.safetensors").unlink()
    bad = register_base(SYSTEM, "bad", str(cut))
    for base in (good, bad):
        look(base.pk)
        base.refresh_from_db()
    assert (good.state, good.problems, good.facts["architecture"]) == (State.WELL, [], "LlamaForCausalLM")
    assert good.looked_at is not None
    assert bad.state == State.REFUSED
    assert "There are no weights" in bad.obstacle
    assert Event.objects.filter(verb="base_model.looked_at").count() == 2


@pytest.mark.ml
@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_asked_refuses_nothing(sent, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    base = register_base(SYSTEM, "far", "nobody/nothing")
    look(base.pk)
    base.refresh_from_db()
    assert (base.state, base.obstacle) == (State.FAILED, "")
    assert base.problems[0].startswith("Looking at it failed. The hub could not be asked")


def test_a_refused_base_is_chosen_nowhere():
    project = make_project()
    make_golden(project, 3)
    base = refused(make_base())
    for choose in (
        lambda: start_run(SYSTEM, project, trigger="manual", base=base),
        lambda: create_baseline(SYSTEM, project, base),
    ):
        with pytest.raises(ProblemError, match="The weights are quantized"):
            choose()
    with pytest.raises(ValidationError, match="The weights are quantized"):
        make_policy(project, base=base).clean()


def test_a_base_that_nobody_saw_yet_may_be_chosen():
    project = make_project()
    make_golden(project, 3)
    base = make_base()
    assert base.state == State.WAITING
    assert start_run(SYSTEM, project, trigger="manual", base=base).base == base


def test_a_lost_message_and_a_lost_worker_are_found(sent):
    base = make_base()
    sent.clear()
    queue_waiting()
    assert sent == [("training.look", base.pk)]
    token = leases.claim(BaseModel, base.pk, waiting=[State.WAITING], working=State.LOOKING)
    assert token
    sent.clear()
    reap()
    assert sent == []
    BaseModel.objects.filter(pk=base.pk).update(lease_until="2020-01-01T00:00Z")
    reap()
    assert sent == [("training.look", base.pk)]


def test_a_worker_that_is_lost_again_and_again_ends_it(sent):
    base = make_base()
    BaseModel.objects.filter(pk=base.pk).update(
        state=State.LOOKING, lease_until="2020-01-01T00:00Z", attempts=MAX_ATTEMPTS
    )
    look(base.pk)
    base.refresh_from_db()
    assert base.state == State.FAILED
    assert "The worker was lost" in base.problems[0]


def test_another_place_is_looked_at_anew_and_other_changes_are_not(sent):
    boss = acting(make_admin())
    base = make_base()
    BaseModel.objects.update(state=State.WELL)
    base.refresh_from_db()
    sent.clear()
    save_base(boss, base, ["notes"])
    assert sent == []
    base.location = "org/other"
    save_base(boss, base, ["location"])
    assert (base.state, sent) == (State.WAITING, [("training.look", base.pk)])


def test_a_base_of_the_servers_is_not_looked_at(sent):
    served = register_served(SYSTEM, "m:1b", "d" * 64, 1, "Q4_0")
    assert (served.state, sent) == (State.UNSEEN, [])
    with pytest.raises(ProblemError, match="no weights to look at"):
        ask_look(SYSTEM, served)


def test_only_who_keeps_bases_has_them_looked_at():
    with pytest.raises(PermissionDenied):
        ask_look(acting(make_manager(make_project())), make_base())


def test_the_admin_shows_it_and_looks_again(client, sent):
    client.force_login(make_admin())
    base = make_base()
    url = reverse("admin:training_basemodel_change", args=[base.pk])
    page = client.get(url).content.decode()
    assert "Waits for a worker" in page
    assert 'hx-trigger="every 2s"' in page
    BaseModel.objects.filter(pk=base.pk).update(facts={"parameters": 135000000, "quantized": True})
    refused(base)
    page = client.get(url).content.decode()
    assert "every 2s" not in page
    assert all(said in page for said in ("The weights are quantized.", "135,000,000", "Cannot be used"))
    sent.clear()
    asked = reverse("admin:training_basemodel_changelist")
    client.post(asked, {"action": "look_again", "_selected_action": [base.pk]})
    assert sent == [("training.look", base.pk)]
    one = url.replace("/change/", "/look/")
    assert "Have a worker look" in client.get(one).content.decode()
    assert len(sent) == 1
    client.post(one, {"confirmed": "1"})
    assert len(sent) == 2


def test_rest_shows_it_to_operators(client):
    project = make_project()
    refused(make_base())
    client.force_login(make_manager(project))
    (row,) = client.get(f"/api/v1/projects/{project.key}/bases").json()["results"]
    assert (row["state"], row["problems"]) == ("refused", ["The weights are quantized."])
