"""The admin: every page opens, projects freeze specs, evidence stays as it is, tokens show their secret once."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from labeling import services
from labeling.answers import parse
from labeling.models import ApiToken, ImportBatch, Project, Sample, TaskSpec
from labeling.services import create_token
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_admin("boss")
    client.force_login(user)
    return user


@pytest.fixture
def project():
    """A project with one row of everything."""
    project = make_project("shop")
    sample = make_sample(project)
    raw = '{"labels": ["billing"]}'
    prediction = services.record_prediction(
        SYSTEM,
        project,
        spec=project.spec,
        model_tag="shop:v1",
        raw=raw,
        parsed=parse(raw, project.spec.to_spec(), None),
        source="queue",
        sample=sample,
    )
    ana = make_expert(project, "ana")
    services.confirm(acting(ana), sample, prediction=prediction)
    services.give_feedback(acting(ana), prediction, thumb=1)
    services.withdraw_sample(SYSTEM, make_sample(project), "a private letter")
    services.mark_must_pass(SYSTEM, make_sample(project, split="test"), "an incident")
    ImportBatch.objects.create(project=project, name="mails.csv")
    services.start_export(SYSTEM, project, "jsonl")
    create_token(SYSTEM, ana, "bot", [project], ["read"])
    return project


OURS = [model for model in admin.site._registry if model._meta.app_label == "labeling"]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_lists_and_pages_of_every_model_open(client, boss, project, model):
    name = f"admin:labeling_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist"), {"q": "shop"}).status_code == 200
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    row = model.objects.first()
    assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", ["sample", "prediction", "review", "goldensample", "feedback", "taskspec"])
def test_evidence_can_neither_be_added_nor_changed_nor_deleted(client, boss, project, name):
    assert client.get(reverse(f"admin:labeling_{name}_add")).status_code == 403
    row = next(model for model in OURS if model._meta.model_name == name).objects.first()
    assert client.post(reverse(f"admin:labeling_{name}_delete", args=[row.pk])).status_code == 403
    assert client.post(reverse(f"admin:labeling_{name}_change", args=[row.pk]), {}).status_code == 403


def form_of(labels, **fields):
    """What the project form sends: its fields, the labels as a list, and the inline table of members."""
    return {
        "key": "mail",
        "name": "Mail",
        "kind": "multi_label",
        "instruction": "Tag it.",
        "prompt_template": "{text}",
        "max_labels": 5,
        "decoding": '{"temperature": 0}',
        "lists_labels": "on",
        "train_share": 80,
        "validation_share": 10,
        "test_share": 10,
        "labels": "\r\n".join(labels),
        "memberships-INITIAL_FORMS": 0,
        "memberships-TOTAL_FORMS": 0,
    } | fields


def test_a_new_project_gets_its_first_spec(client, boss):
    client.post(reverse("admin:labeling_project_add"), form_of(["late", "lost | never came"]))
    spec = Project.objects.get(key="mail").spec
    assert (spec.number, [label["name"] for label in spec.labels]) == (1, ["late", "lost"])


def test_saving_freezes_a_new_spec_only_where_what_is_asked_changed(client, boss):
    client.post(reverse("admin:labeling_project_add"), form_of(["late"]))
    project = Project.objects.get()
    url = reverse("admin:labeling_project_change", args=[project.pk])
    assert "The list is 12 of the " in client.get(url).content.decode()  # "Labels: late"
    client.post(url, form_of(["late"], name="Better name"))
    assert TaskSpec.objects.count() == 1
    client.post(url, form_of(["late"], key="other", kind="text", instruction="Tag it well."))
    project.refresh_from_db()
    assert (project.key, project.kind, project.spec.number) == ("mail", "multi_label", 2)
    assert project.spec.instruction == "Tag it well."


@pytest.mark.parametrize(
    ("labels", "fields", "said"),
    [
        ([], {}, "needs labels"),
        (["late"], {"kind": "text"}, "has no labels"),
        (["late"], {"prompt_template": "no place"}, "has no {text}"),
        (["late"], {"train_share": 70}, "must add up to 100"),
    ],
)
def test_a_project_that_contradicts_itself_is_refused_in_the_form(client, boss, labels, fields, said):
    answer = client.post(reverse("admin:labeling_project_add"), form_of(labels, **fields))
    assert said in answer.content.decode()
    assert not Project.objects.exists()


def test_a_project_takes_five_thousand_labels(client, boss):
    """Django's limit of form fields stopped a table of them at 195."""
    labels = [f"intent {number}" for number in range(5000)]
    client.post(reverse("admin:labeling_project_add"), form_of(labels))
    assert Project.objects.get(key="mail").spec.to_spec().label_names == tuple(labels)
    answer = client.post(reverse("admin:labeling_project_add"), form_of([*labels, "one more"], key="more"))
    assert "5001 labels are too many" in answer.content.decode()


def test_the_form_says_how_many_approved_answers_a_change_would_cost(client, boss, project):
    url = reverse("admin:labeling_project_change", args=[project.pk])
    answer = client.post(url, form_of(["delivery", "praise"]))
    assert "1 approved answer would no longer count" in answer.content.decode()
    assert project.spec.number == 1
    client.post(url, form_of(["delivery", "praise"], leave_out="on"))
    assert project.spec.to_spec().label_names == ("delivery", "praise")


def test_a_token_shows_its_secret_once_and_can_be_revoked(client, boss, project):
    form = {"name": "bot two", "owner": boss.pk, "projects": [project.pk], "scopes": ["read", "predict"]}
    html = client.post(reverse("admin:labeling_apitoken_add"), form, follow=True).content.decode()
    secret = re.search(r"tsk_[\w-]{20,}", html).group()
    token = ApiToken.objects.get(name="bot two")
    assert (token.scopes, list(token.projects.all())) == (["read", "predict"], [project])
    url = reverse("admin:labeling_apitoken_changelist")
    assert secret not in client.get(url).content.decode()
    auth = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/projects/shop", headers=auth).status_code == 200
    action = {"action": "revoke", "_selected_action": [token.pk]}
    assert "Revoke these tokens?" in client.post(url, action).content.decode()
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None
    client.post(url, action | {"confirmed": "1"})
    assert client.get("/api/v1/projects/shop", headers=auth).status_code == 401


def test_uploading_asks_for_the_project_first(client, boss, project):
    make_project("other")
    html = client.get(reverse("admin:labeling_importbatch_add")).content.decode()
    assert reverse("labeling:imports", args=["shop"]) in html


def test_staff_see_the_rows_of_their_projects_only(client, project):
    make_sample(make_project("other"), "Somebody else's secret")
    otto = make_manager(project, "otto")
    otto.is_staff = True
    otto.save()
    otto.user_permissions.set(Permission.objects.filter(content_type__app_label="labeling"))
    client.force_login(otto)
    html = client.get(reverse("admin:labeling_sample_changelist")).content.decode()
    assert "parcel" in html
    assert "secret" not in html
    foreign = Sample.objects.get(project__key="other")
    assert client.get(reverse("admin:labeling_sample_change", args=[foreign.pk])).status_code == 302
    assert client.get(reverse("admin:labeling_project_changelist")).content.decode().count("Open page") == 1


def test_an_expert_does_not_get_into_the_admin(client, project):
    client.force_login(make_expert(project))
    assert client.get(reverse("admin:labeling_sample_changelist")).status_code == 302
