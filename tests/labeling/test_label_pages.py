"""The labels page: managers paste, rename, merge and remove; the API does the same."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from labeling import services
from labeling.services import create_token
from labeling.services.fitting import label_usage
from labeling.services.labels import labels_as_text, parse_labels
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(client):
    """Managed by mia, who is logged in; one answer says billing."""
    project = make_project("shop")
    client.force_login(make_manager(project, "mia"))
    services.decide(acting(make_expert(project, "ana")), make_sample(project), {"labels": ["billing"]})
    return project


def url(name, *args):
    return reverse(f"labeling:{name}", args=["shop", *args])


def test_pasted_labels_are_saved_with_their_descriptions(client, shop):
    text = "billing\r\ndelivery\tnever came\r\n\r\npraise | kind words\r\nrefund\r\n"
    page = client.post(url("labels"), {"labels": text}, follow=True).content.decode()
    assert "4 labels now" in page
    assert [label["description"] for label in shop.spec.labels] == ["", "never came", "kind words", ""]


def test_a_list_that_would_lose_answers_says_how_many_and_keeps_what_was_typed(client, shop):
    answer = client.post(url("labels"), {"labels": "delivery\npraise"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "1 approved answer would no longer count" in page
    assert 'name="leave_out" id="id_leave_out"' in page
    client.post(url("labels"), {"labels": "delivery\npraise", "leave_out": "on"})
    assert shop.spec.to_spec().label_names == ("delivery", "praise")
    page = client.get(url("labels")).content.decode()
    assert "Approved answers that do not fit the task of today" in page
    assert "the label &#x27;billing&#x27; was removed" in page
    assert "leave it out" in client.get(url("project")).content.decode()


def test_rename_merge_and_remove(client, shop):
    billing, delivery = shop.labels.get(name="billing"), shop.labels.get(name="delivery")
    client.post(url("change_label", billing.uid), {"name": "invoices", "description": ""})
    assert label_usage(shop) == {"invoices": 1}
    client.post(url("merge_label", billing.uid), {"into": "delivery"})
    assert label_usage(shop) == {"delivery": 1}
    asked = client.get(url("remove_label", delivery.uid)).content.decode()
    assert "1 approved answer</strong>" in asked
    client.post(url("remove_label", delivery.uid), {})
    assert shop.labels.filter(name="delivery").exists()
    client.post(url("remove_label", delivery.uid), {"leave_out": "on"})
    assert shop.spec.to_spec().label_names == ("praise",)


@pytest.mark.parametrize("form", [{"name": ""}, {"name": "delivery"}, {"name": "x" * 200}, {}])
def test_a_name_that_cannot_be_is_refused_with_a_sentence(client, shop, form):
    billing = shop.labels.get(name="billing")
    page = client.post(url("change_label", billing.uid), form, follow=True).content.decode()
    assert "notice-error" in page
    assert shop.spec.number == 1


def test_merging_into_nothing_is_refused(client, shop):
    page = client.post(url("merge_label", shop.labels.first().uid), {"into": "nobody"}, follow=True).content.decode()
    assert "Type the exact name" in page


def test_an_expert_reaches_none_of_it(client, shop):
    client.force_login(make_expert(shop))
    assert client.get(url("labels")).status_code == 403
    assert client.post(url("remove_label", shop.labels.first().uid)).status_code == 403
    with pytest.raises(PermissionDenied):
        services.remove_label(acting(make_expert(shop)), shop.labels.get(name="praise"))


def test_a_list_reads_as_it_was_written(shop):
    labels = ["a | b", "plain", ("spoken", "of | twice")]
    services.replace_labels(SYSTEM, shop, labels, leave_out=True)
    rows = [(label.name, label.description) for label in parse_labels(labels_as_text(shop.labels.all()))]
    assert rows == [("a | b", ""), ("plain", ""), ("spoken", "of | twice")]


def test_the_api_reads_replaces_renames_merges_and_removes(client, shop):
    mia = shop.memberships.get(role="manager").user
    _, secret = create_token(SYSTEM, mia, "sync", [shop], ["read", "manage"])
    client.logout()
    options = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
    at = "/api/v1/projects/shop/labels"
    rows = client.get(at, **options).json()
    rows[0]["name"] = "invoices"
    rows += [{"name": f"intent {number}"} for number in range(4900)]
    assert client.put(at, {"labels": rows}, **options).status_code == 200
    assert label_usage(shop) == {"invoices": 1}
    uid = rows[0]["uid"]
    refused = client.delete(f"{at}/{uid}", **options)
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert client.patch(f"{at}/{uid}", {"name": "Invoices"}, **options).json()["name"] == "Invoices"
    merged = client.post(f"{at}/{uid}/merge", {"into": rows[1]["uid"]}, **options).json()
    assert merged["name"] == "delivery"
    assert client.get(f"{at}/{uid}", **options).status_code == 404
    assert client.delete(f"{at}/{rows[1]['uid']}?leave_out=true", **options).status_code == 204
    assert label_usage(shop) == {}


def test_a_token_without_the_scope_only_reads(client, shop):
    mia = shop.memberships.get(role="manager").user
    _, secret = create_token(SYSTEM, mia, "reader", [shop], ["read"])
    client.logout()
    options = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
    assert client.get("/api/v1/projects/shop/labels", **options).status_code == 200
    assert client.put("/api/v1/projects/shop/labels", {"labels": []}, **options).status_code == 403


def test_a_list_that_was_overtaken_is_told_what_it_lacks_and_keeps_what_was_typed(client, shop):
    premise = client.get(url("labels")).context["form"]["premise"].value()
    services.replace_labels(SYSTEM, shop, ["billing", "delivery", "praise", "theirs"])
    page = client.post(url("labels"), {"labels": "billing\ndelivery\npraise\nmine", "premise": premise})
    assert page.status_code == 409
    assert "Not in yours are theirs." in page.text
    assert "praise\nmine" in page.text
    assert shop.labels.filter(name="theirs").exists()
    fresh = page.context["form"]["premise"].value()
    client.post(url("labels"), {"labels": "billing\ndelivery\npraise\nmine", "premise": fresh})
    assert set(shop.labels.values_list("name", flat=True)) == {"billing", "delivery", "praise", "mine"}
