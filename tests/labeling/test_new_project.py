"""*New project*: who may, what is proposed and shown, what is refused beside which field, and what is there then."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from deployment.models import ServingPolicy
from deployment.servers.registration import built_in_server
from evaluation.models import GatePolicy
from labeling.kinds import KINDS
from labeling.models import Event, Membership, Project, Role
from labeling.project_form import proposed_key
from tests.factories import SYSTEM, make_admin, make_expert, make_manager, make_project, make_user
from tests.records import SCHEMA
from training.models import RetrainPolicy
from training.services import list_shipped_base, load_builtin_profiles

pytestmark = pytest.mark.django_db
PAGE = "/new-project/"
ASKED = {
    "name": "Support tags",
    "key": "",
    "kind": "multi_label",
    "instruction": "Tag the message.",
    "labels": "billing | money, invoices\r\ndelivery\r\n",
    "train_share": 60,
    "validation_share": 15,
    "test_share": 25,
}


@pytest.fixture
def ada(client):
    admin = make_admin("ada")
    client.force_login(admin)
    return admin


def errors_of(page) -> dict[str, str]:
    return {name: " ".join(map(str, said)) for name, said in page.context["form"].errors.items()}


def test_a_project_is_made_and_its_page_follows(client, ada):
    answer = client.post(PAGE, ASKED)
    assert (answer.status_code, answer.url) == (302, "/projects/support-tags/")
    project = Project.objects.get()
    assert (project.name, project.kind, project.shares) == ("Support tags", "multi_label", (60, 15, 25))
    labels = list(project.labels.values_list("name", "description"))
    assert labels == [("billing", "money, invoices"), ("delivery", "")]
    assert project.spec.instruction == "Tag the message."
    assert Event.objects.get(verb="project.created").actor_name == "ada"
    assert "Support tags is made" in client.get(answer.url).text


def test_it_has_what_it_trains_with_and_is_served_from(client, ada, settings):
    settings.LOCAL_MODEL_SERVER_URL = "http://127.0.0.1:9"
    load_builtin_profiles(SYSTEM)
    list_shipped_base(SYSTEM)
    server = built_in_server(SYSTEM)
    client.post(PAGE, ASKED)
    assert list(ServingPolicy.objects.get().servers.all()) == [server]
    policies = (GatePolicy.objects.get(), RetrainPolicy.objects.get(), ServingPolicy.objects.get())
    assert {policy.project.key for policy in policies} == {"support-tags"}
    told = Event.objects.filter(verb__endswith="_policy.created")
    assert sorted(told.values_list("verb", "actor_name")) == [
        (f"{name}_policy.created", "ada") for name in ("gate", "retrain", "serving")
    ]


def test_who_may_add_projects_makes_them_and_nobody_else(client):
    staff, expert = make_user("sam", is_staff=True), make_expert(make_project(), "ana")
    for person in (staff, expert):
        client.force_login(person)
        assert [client.get(PAGE).status_code, client.post(PAGE, ASKED).status_code] == [403, 403]
        assert PAGE not in client.get("/").text
    staff.user_permissions.set([Permission.objects.get(codename="add_project")])
    client.force_login(staff)
    assert PAGE in client.get("/").text
    assert client.post(PAGE, ASKED).status_code == 302
    assert Membership.objects.get(user=staff).role == Role.MANAGER


def test_a_manager_makes_a_further_project_and_manages_it(client, settings):
    project = make_project()
    client.force_login(make_manager(project, "mia"))
    assert PAGE in client.get("/").text
    assert client.post(PAGE, ASKED).status_code == 302
    assert Membership.objects.get(project__key="support-tags").role == Role.MANAGER
    Membership.objects.update(ends_on=timezone.localdate() - timedelta(days=1))
    assert client.get(PAGE).status_code == 403
    Membership.objects.update(ends_on=None)
    Project.objects.update(archived_at=timezone.now())
    assert client.get(PAGE).status_code == 403
    Project.objects.update(archived_at=None)
    settings.PROJECT_MAKERS = "administrators"
    assert client.get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("fields", "where", "says"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "日本語"}, "key", "No key can be made"),
        ({"key": "a b"}, "key", "letters, digits"),
        ({"key": "SHOP"}, "key", "there already"),
        ({"kind": ""}, "kind", "required"),
        ({"kind": "none"}, "kind", "valid choice"),
        ({"instruction": ""}, "instruction", "required"),
        ({"labels": ""}, "labels", "needs labels"),
        ({"labels": "a\na"}, "labels", "there twice"),
        ({"labels": "x" * 101}, "labels", "more than 100 characters"),
        ({"labels": "a<|b"}, "labels", "cannot be a label"),
        ({"labels": "\n".join(f"l{n}" for n in range(5001))}, "labels", "too many"),
        ({"kind": "text"}, "labels", "has no labels"),
        ({"test_share": 30}, "test_share", "add up to 105"),
        ({"test_share": -1}, "test_share", "greater than or equal to 0"),
        ({"train_share": "x"}, "train_share", "whole number"),
        ({"name": "a\x00b"}, "name", "Null characters"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(client, ada, fields, where, says):
    make_project("shop")
    page = client.post(PAGE, ASKED | fields)
    assert page.status_code == 400
    assert says in errors_of(page)[where]
    assert list(errors_of(page)) == [where]
    kept = {name: value for name, value in ASKED.items() if name not in {*fields, "key", "labels", "kind"}}
    assert all(f"{value}" in page.text for value in kept.values())
    assert "labels" in fields or "billing | money, invoices" in page.text
    assert "kind" in fields or re.search(r'value="multi_label"[^>]* checked', page.text)
    assert Project.objects.count() == 1


def test_a_key_is_proposed_that_is_free():
    assert proposed_key("Ärger & Lob, 2026!") == "arger-lob-2026"
    assert [proposed_key(name) for name in ("", "!?", "__", "日本")] == [""] * 4
    make_project("Shop")
    make_project("shop-2")
    assert proposed_key("shop") == "shop-3"
    assert len(proposed_key("x" * 120)) == 76


def test_the_second_click_makes_no_second_project(client, ada):
    token = re.search(r'name="once" value="([^"]+)"', client.get(PAGE).text).group(1)
    first, second = (client.post(PAGE, ASKED | {"once": token}) for _ in range(2))
    assert first.url == second.url == "/projects/support-tags/"
    assert Project.objects.count() == 1


def test_what_follows_is_shown_before_anything_is_made(client, ada):
    page = client.post(PAGE, ASKED | {"preview": "1"}, headers={"HX-Request": "true"})
    assert "<html" not in page.text
    assert "<code>support-tags</code>" in page.text
    assert "<strong>250 as test cases</strong>" in page.text
    assert "Tag the message.\nLabels:\nbilling: money, invoices\ndelivery\nAnswer in JSON" in page.text
    whole = client.post(PAGE, ASKED | {"preview": "1"})
    assert whole.status_code == 200
    assert "billing: money, invoices" in whole.text
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"labels": ""}, "It is shown here once"),
        ({"test_share": 30}, "add up to 100"),
        ({"train_share": 85, "test_share": 0}, "no version can be judged"),
        ({"instruction": "<script>alert(1)</script>"}, "&lt;script&gt;"),
        ({"instruction": "long " * 10_000}, "characters more"),
    ],
)
def test_a_form_that_is_not_filled_in_yet_is_previewed_as_far_as_it_goes(client, ada, fields, says):
    page = client.post(PAGE, ASKED | fields | {"preview": "1"}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert says in page.text


def test_each_kind_of_the_registry_is_offered_with_its_line(client, ada):
    page = client.get(PAGE).text
    assert "<strong>100 as test cases</strong>" in page
    assert 'role="alert">Not made' not in page
    for kind in KINDS.values():
        assert f'value="{kind.name}"' in page
        assert kind.title in page
        assert kind.about
        assert kind.about.partition("'")[0] in page


def test_a_record_is_made_with_its_schema_in_the_order_that_was_given(client, ada):
    asked = ASKED | {"kind": "record", "labels": "", "schema": json.dumps(SCHEMA)}
    assert client.post(PAGE, asked).status_code == 302
    project = Project.objects.get()
    assert list(project.spec.schema["properties"]) == list(project.schema["properties"]) == list(SCHEMA["properties"])


def test_an_example_of_a_schema_is_filled_in_on_request_and_nothing_is_made(client, ada):
    page = client.post(PAGE, ASKED | {"example": "1", "schema": ""})
    assert page.status_code == 200
    example = next(kind.schema_example for kind in KINDS.values() if kind.has_schema)
    assert page.context["form"]["schema"].value() == json.dumps(example, indent=2)
    assert "Tag the message." in page.text
    assert "required." not in page.text
    assert re.search(r'value="record"[^>]* checked', page.text)
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "record", "labels": ""}, "needs a JSON schema"),
        ({"kind": "record", "labels": "", "schema": '{\n "type": '}, "line 2, column"),
        (
            {"kind": "record", "labels": "", "schema": '{"type": "object", "properties": {"a": {"$ref": "#"}}}'},
            "/a/$ref",
        ),
        ({"schema": '{"type": "object"}'}, "takes no schema"),
    ],
)
def test_a_schema_that_cannot_be_kept_is_told_beside_its_field(client, ada, fields, says):
    page = client.post(PAGE, ASKED | fields)
    assert page.status_code == 400
    assert says in errors_of(page)["schema"]
    assert list(errors_of(page)) == ["schema"]
