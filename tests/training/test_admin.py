"""The admin of this floor: every page opens, profiles are held against the engine, evidence stays as it is."""

import json
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.urls import reverse

from labeling.models import Membership, Role
from tests.factories import SYSTEM, make_admin, make_project, make_user, remade
from tests.training.helpers import add_events, gpu_worker_lives, make_base, make_policy, make_run
from training.models import (
    BaseModel,
    RetrainMethod,
    RetrainPolicy,
    RunEvent,
    Snapshot,
    TrainingProfile,
    TrainingRound,
    TrainingRun,
)
from training.services import create_baseline

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label == "training"]
RUNS = "admin:training_trainingrun_changelist"


@pytest.fixture
def boss(client):
    user = make_admin("boss")
    client.force_login(user)
    return user


@pytest.fixture
def everything(shop):
    """One row of every model."""
    run = make_run(shop, "running")
    add_events(run, 2)
    policy = make_policy(shop)
    RetrainMethod.objects.create(project=shop, method="lm_head", profile=policy.profile, base=policy.base)
    TrainingRound.objects.create(project=shop, snapshot=run.snapshot, trigger="manual", margin=0.01)
    version = create_baseline(SYSTEM, shop, run.base)
    remade(version, run=run)
    gpu_worker_lives()
    return run


def test_every_model_is_there():
    assert {model.__name__ for model in OURS} == {
        "BaseModel", "TrainingProfile", "RetrainPolicy", "RetrainMethod", "Snapshot", "TrainingRound", "TrainingRun",
        "RunEvent", "ModelVersion", "WorkerHeartbeat",
    }  # fmt: skip


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_lists_and_pages_of_every_model_open(client, boss, everything, model):
    name = f"admin:training_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist"), {"q": "shop"}).status_code == 200
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    page = client.get(reverse(f"{name}_change", args=[model.objects.first().pk]))
    assert page.status_code == 200


@pytest.mark.parametrize("model", [Snapshot, TrainingRound, TrainingRun, RunEvent], ids=lambda model: model.__name__)
def test_evidence_cannot_be_changed(client, boss, everything, model):
    name, row = f"admin:training_{model._meta.model_name}", model.objects.first()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {"state": "succeeded"}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_lists_cost_the_same_for_many_rows(client, boss, shop, django_assert_max_num_queries):
    for _ in range(10):
        make_run(shop)
    with django_assert_max_num_queries(16):
        client.get(reverse(RUNS))


def test_the_lineage_is_linked(client, boss, everything):
    page = client.get(reverse("admin:training_trainingrun_change", args=[everything.pk])).content.decode()
    version = everything.version
    for name, row in (("snapshot", everything.snapshot), ("modelversion", version)):
        assert reverse(f"admin:training_{name}_change", args=[row.pk]) in page
    assert reverse("admin:deployment_deployment_changelist") in page
    page = client.get(reverse("admin:training_modelversion_change", args=[version.pk])).content.decode()
    assert reverse("admin:training_trainingrun_change", args=[everything.pk]) in page


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"max_stepz": 3}, "Did you mean max_steps?"),
        ({"epochs": 1e308}, "less than or equal to 1000"),
        ({"max_steps": 3, "epochs": 1}, "not both"),
        ({"base_model": {"name": "x"}}, "base_model"),
        ([1], "as an object"),
    ],
)
def test_a_profile_that_the_engine_would_refuse_is_refused(client, boss, config, complaint):
    page = client.post(
        reverse("admin:training_trainingprofile_add"), {"name": "mine", "description": "", "config": json.dumps(config)}
    )
    assert page.status_code == 200
    assert complaint in page.content.decode()
    assert not TrainingProfile.objects.filter(name="mine").exists()


def test_a_profile_of_ones_own(client, boss):
    asked = {"name": "mine", "description": "Quick", "config": '{"max_steps": 5}'}
    assert client.post(reverse("admin:training_trainingprofile_add"), asked).status_code == 302
    assert TrainingProfile.objects.get(name="mine").config == {"max_steps": 5}


def test_the_policy_is_edited(client, boss, shop):
    policy = make_policy(shop, threshold=3)
    asked = {"project": shop.pk, "threshold": 80, "profile": policy.profile_id, "base": policy.base_id}
    asked |= {"method": policy.method, "margin": 0.02, "draft_every": 20, "draft_proposes": "on"}
    assert client.post(reverse("admin:training_retrainpolicy_change", args=[policy.pk]), asked).status_code == 302
    policy.refresh_from_db()
    assert (policy.threshold, policy.enabled) == (80, False)
    assert (policy.margin, policy.draft_every, policy.draft_proposes) == (0.02, 20, True)
    asked["threshold"] = 0
    assert client.post(reverse("admin:training_retrainpolicy_change", args=[policy.pk]), asked).status_code == 200


def act(client, action, *runs, confirmed=True):
    data = {"action": action, ACTION_CHECKBOX_NAME: [run.pk for run in runs]}
    return client.post(reverse(RUNS), data | ({"confirmed": "1"} if confirmed else {}), follow=True)


def test_actions_ask_first_then_call_the_service(client, boss, shop):
    run = make_run(shop)
    assert "Cancel these runs?" in act(client, "cancel", run, confirmed=False).content.decode()
    assert TrainingRun.objects.get().state == "queued"
    act(client, "cancel", run)
    assert TrainingRun.objects.get().state == "cancelled"
    assert "already cancelled" in act(client, "cancel", run).content.decode()
    act(client, "repeat", run)
    act(client, "start", run)
    again = TrainingRun.objects.order_by("-pk")[:2]
    assert {row.requested_by for row in again} == {boss}
    assert {row.state for row in again} == {"queued"}


def test_staff_see_their_projects_only_and_need_the_permission_to_act(client, shop):
    run, elsewhere = make_run(shop), make_run(make_project("elsewhere"))
    make_policy(shop)
    make_policy(elsewhere.project, base=run.base)
    olga = make_user("olga", is_staff=True)
    Membership.objects.create(project=shop, user=olga, role=Role.OPERATOR)
    for name in ("view_trainingrun", "view_retrainpolicy", "change_retrainpolicy"):
        olga.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(olga)
    page = client.get(reverse(RUNS)).content.decode()
    assert run.short in page
    assert elsewhere.short not in page
    act(client, "cancel", run)
    assert TrainingRun.objects.get(pk=run.pk).state == "queued"
    olga.user_permissions.add(Permission.objects.get(codename="start_run"))
    act(client, "cancel", run, elsewhere)
    assert TrainingRun.objects.get(pk=run.pk).state == "cancelled"
    assert TrainingRun.objects.get(pk=elsewhere.pk).state == "queued"
    theirs = RetrainPolicy.objects.get(project=elsewhere.project)
    assert client.get(reverse("admin:training_retrainpolicy_change", args=[theirs.pk])).status_code == 302


def test_a_base_with_runs_is_not_deleted(client, boss, shop):
    make_run(shop)
    base = BaseModel.objects.get()
    assert client.post(reverse("admin:training_basemodel_delete", args=[base.pk]), {"post": "yes"}).status_code == 403
    create_baseline(SYSTEM, shop, base)
    page = client.get(reverse("admin:training_basemodel_change", args=[base.pk])).content.decode()
    assert 'name="revision"' not in page
    assert Path(base.location) == Path(make_base().location)
