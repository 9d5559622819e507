"""The task is changed by its managers: the prompt and what follows are shown first; lost answers are told."""

import re

import pytest

from labeling import services
from labeling.models import Event
from tests.factories import acting, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/task/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shop():
    return make_project("shop", prompt_template="{text}")


@pytest.fixture
def mia(shop, client):
    user = make_manager(shop, "mia")
    client.force_login(user)
    return user


def filled(client, **changed):
    form = client.get(PAGE).context["form"]
    sent = {}
    for field in form:
        value = field.value()
        sent[field.name] = ("on" if value else None) if isinstance(value, bool) else value
    return {name: value for name, value in (sent | changed).items() if value is not None}


def test_a_form_that_is_sent_back_as_it_was_shown_changes_nothing(client, shop, mia):
    page = client.post(PAGE, filled(client), follow=True)
    assert "Nothing was changed" in page.text
    assert shop.specs.count() == 1
    assert not Event.objects.filter(actor_name="mia").exists()


def test_a_change_makes_a_new_task(client, shop, mia):
    changed = filled(client, instruction="Tag it well.", num_predict="99", temperature="0.5", lists_labels=None)
    page = client.post(PAGE, changed, follow=True)
    assert "Saved: task 2" in page.text
    spec = shop.spec
    assert (spec.instruction, spec.lists_labels) == ("Tag it well.", False)
    assert (spec.decoding["num_predict"], spec.decoding["temperature"], spec.decoding["seed"]) == (99, 0.5, 7)
    verbs = Event.objects.filter(actor_name="mia").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["spec.frozen", "project.changed"]


def test_what_follows_is_shown_before_anything_is_saved(client, shop, mia):
    services.decide(acting(make_expert(shop, "ana")), make_sample(shop), ["billing", "praise"])
    page = client.post(PAGE, filled(client, instruction="Another.", preview="1"), headers=HTMX)
    assert "<html" not in page.text
    assert "<strong>task 2</strong>" in page.text
    assert "<strong>1 of 1</strong> golden samples fit" in page.text
    assert "Another." in page.text
    page = client.post(PAGE, filled(client, max_labels="1", preview="1"), headers=HTMX)
    assert "<strong>0 of 1</strong>" in page.text
    assert shop.specs.count() == 1
    assert "This is the task of today" in client.get(PAGE).text


def test_answers_that_would_be_lost_are_told_and_may_be_left_out(client, shop, mia):
    services.decide(acting(make_expert(shop, "ana")), make_sample(shop), ["billing", "praise"])
    page = client.post(PAGE, filled(client, max_labels="1", instruction="Kept words."))
    assert page.status_code == 409
    assert "1 approved answer would no longer count" in page.text
    assert "Kept words." in page.text
    assert '<input type="checkbox" name="leave_out"' in page.text
    assert client.post(PAGE, filled(client, max_labels="1", leave_out="on")).status_code == 302
    assert shop.spec.max_labels == 1


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ({"instruction": ""}, "instruction"),
        ({"prompt_template": "no place"}, "prompt_template"),
        ({"temperature": "9"}, "temperature"),
        ({"num_predict": "0"}, "num_predict"),
        ({"more": "{"}, "more"),
        ({"more": "[1]"}, "more"),
        ({"more": '{"num_ctx": 9}'}, "more"),
        ({"more": '{"temprature": 1}'}, "more"),
        ({"more": "[" * 2000}, "more"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(client, shop, mia, typed, where):
    page = client.post(PAGE, filled(client, **typed))
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [where]
    assert shop.specs.count() == 1


def test_what_somebody_else_changed_meanwhile_is_told(client, shop, mia):
    opened = filled(client, instruction="Mine.")
    services.update_project(acting(mia), shop, instruction="Theirs.")
    page = client.post(PAGE, opened)
    assert page.status_code == 409
    assert "Now it stands at Theirs." in page.text
    assert "Mine." in page.text
    premise = re.search(r'name="premise" value="(\w+)"', page.text).group(1)
    client.post(PAGE, opened | {"premise": premise})
    assert shop.spec.instruction == "Mine."


def test_a_kind_without_labels_is_asked_for_none(client, mia):
    text = make_project("plain", kind="text", labels=())
    make_manager(text, "tom")
    client.force_login(text.memberships.get().user)
    form = client.get("/projects/plain/task/").context["form"]
    assert {"lists_labels", "max_labels"}.isdisjoint(form.fields)
