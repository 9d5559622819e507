"""Managers change what each floor registers: what was typed stays, others' changes are told, and events."""

import re

import pytest

from deployment.models import ServingPolicy
from evaluation.models import AcceptPolicy, GatePolicy
from labeling.models import Event, Project
from labeling.sections import sections
from tests.deployment.standins import make_server, serve_from
from tests.factories import make_manager, make_operator, make_project
from tests.training.helpers import make_policy
from training.models import RetrainMethod, RetrainPolicy

pytestmark = pytest.mark.django_db
ALL = {"operate", "manage"}


@pytest.fixture
def shop():
    return make_project("shop")


@pytest.fixture
def mia(shop, client):
    client.force_login(make_manager(shop, "mia"))


def url(name):
    return f"/projects/shop/settings/{name}/"


def filled(client, section, /, **changed):
    """What a browser sends: the form as it was shown, with these fields changed; None leaves a field out."""
    form = client.get(url(section)).context["form"]
    sent = {}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            value = "on" if value else None
        sent[field.name] = value
    return {field: value for field, value in (sent | changed).items() if value is not None}


@pytest.mark.parametrize("name", [section.name for section in sections(ALL)] or ["general"])
def test_a_form_that_is_sent_back_as_it_was_shown_changes_nothing(client, shop, mia, name):
    make_policy(shop)
    page = client.post(url(name), filled(client, name), follow=True)
    assert "nothing was changed" in page.text, page.context["form"].errors
    assert not Event.objects.filter(actor_name="mia", verb__endswith=("changed")).exists()


def test_every_section_says_how_it_stands(client, shop, mia):
    page = client.get("/projects/shop/settings/").text
    for title in ("General", "Retraining", "Further methods", "Gate", "Error budget", "Serving", "Auto-accept"):
        assert title in page
    assert "on 30 cases" in page


@pytest.mark.parametrize(
    ("name", "typed", "model", "column", "value"),
    [
        ("gate", {"min_cases": "40"}, GatePolicy, "min_cases", 40),
        ("gate", {"confidence": "99"}, GatePolicy, "confidence", 0.99),
        ("budget", {"error_budget": "1.5"}, GatePolicy, "error_budget", 0.015),
        ("acceptance", {"wrong": "2"}, AcceptPolicy, "wrong", 0.02),
        ("serving", {"watch_tolerance": "7.5"}, ServingPolicy, "watch_tolerance", 0.075),
        ("general", {"train_share": "60", "test_share": "30"}, Project, "test_share", 30),
    ],
)
def test_what_is_saved_is_kept_with_one_event(client, shop, mia, name, typed, model, column, value):
    assert client.post(url(name), filled(client, name, **typed)).status_code == 302
    row = model.objects.get() if model is not Project else Project.objects.get(pk=shop.pk)
    assert getattr(row, column) == value
    told = Event.objects.filter(actor_name="mia")
    assert told.count() == 1
    assert column in told.get().after["fields"]


@pytest.mark.parametrize(
    ("name", "typed", "where", "says"),
    [
        ("gate", {"minimum": "7"}, "minimum", "less than or equal to 1"),
        ("gate", {"accept_tie": "on"}, "accept_tie", "give the margin"),
        ("gate", {"confidence": ""}, "confidence", "required"),
        ("budget", {"error_budget": "80"}, "error_budget", "less than or equal to 50"),
        ("general", {"test_share": "30"}, "test_share", "add up to 120"),
        ("general", {"name": ""}, "name", "required"),
        ("serving", {"quantization": "q9"}, "quantization", "valid choice"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(client, shop, mia, name, typed, where, says):
    page = client.post(url(name), filled(client, name, **typed))
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [where]
    assert says in page.text
    assert all(f'value="{value}"' in page.text for value in typed.values() if value and value not in ("on", "q9"))


def test_what_somebody_else_saved_meanwhile_is_told_and_not_overwritten_unseen(client, shop, mia):
    opened = filled(client, "gate", min_cases="40")
    GatePolicy.objects.update_or_create(project=shop, defaults={"min_cases": 55})
    page = client.post(url("gate"), opened)
    assert page.status_code == 409
    assert "Somebody else has changed this" in page.text
    assert "Now it stands at 55 cases." in page.text
    assert 'value="40"' in page.text
    assert GatePolicy.objects.get().min_cases == 55
    premise = re.search(r'name="premise" value="(\w+)"', page.text).group(1)
    assert client.post(url("gate"), opened | {"premise": premise}).status_code == 302
    assert GatePolicy.objects.get().min_cases == 40


def test_a_preset_fills_in_and_saves_nothing(client, shop, mia):
    page = client.get(f"{url('gate')}?preset=careful")
    assert "Nothing is saved yet" in page.text
    assert page.context["form"]["min_cases"].value() == 100
    assert not GatePolicy.objects.exists()


def test_units_and_defaults_are_told(client, shop, mia):
    page = client.get(url("serving")).text
    assert "% of requests" in page
    assert "Default: 5 % of requests." in page
    assert "Default: 30 minutes." in page


def test_the_servers_of_a_project_are_chosen(client, shop, mia):
    make_server("http://127.0.0.1:1", name="box")
    other = make_server("http://127.0.0.1:2", name="rack")
    serve_from(shop, other)
    page = client.post(url("serving"), filled(client, "serving", servers=[]), follow=True)
    assert "From no server" in page.text
    client.post(url("serving"), filled(client, "serving", servers=[other.pk], auto_promote="on"))
    policy = ServingPolicy.objects.get(project=shop)
    assert (list(policy.servers.all()), policy.auto_promote) == ([other], True)


def test_an_operator_changes_what_is_trained_and_no_more(client, shop):
    make_policy(shop)
    client.force_login(make_operator(shop, "olga"))
    page = client.get("/projects/shop/settings/").text
    assert "Retraining" in page
    assert "Error budget" not in page
    assert client.get(url("gate")).status_code == 403
    assert client.post(url("retraining"), filled(client, "retraining", threshold="77")).status_code == 302
    assert RetrainPolicy.objects.get().threshold == 77


def test_a_method_that_misfits_its_base_is_told(client, shop, mia):
    make_policy(shop)
    page = client.post(url("retraining"), filled(client, "retraining", profile=""))
    assert page.status_code == 400
    assert "needs one: choose it" in page.text


def test_further_methods_are_listed_and_taken_out(client, shop, mia):
    policy = make_policy(shop)
    typed = {"method": "lm_head", "base": policy.base_id, "profile": policy.profile_id}
    assert client.post(url("methods"), filled(client, "methods", **typed)).status_code == 302
    row = RetrainMethod.objects.get()
    page = client.post(url("methods"), filled(client, "methods", **typed))
    assert page.status_code == 400
    assert "has this method already" in page.text
    assert client.post(url("methods"), filled(client, "methods", remove=[row.pk])).status_code == 302
    assert not RetrainMethod.objects.exists()


def test_settings_that_are_none_are_not_there(client, shop, mia):
    assert client.get(url("kitchen")).status_code == 404
