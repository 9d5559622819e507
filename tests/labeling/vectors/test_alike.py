"""Near-duplicates: groups of texts that are nearly alike, with what crosses the splits; nothing moves."""

from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from labeling import services
from labeling.models import AlikeGroup, AlikeText, Sample, SampleState
from labeling.querysets import blind
from labeling.services.vectors import alike
from labeling.services.vectors import groups as near
from labeling.services.vectors.making import make_vectors
from tests.factories import SYSTEM, acting, make_expert, make_project, make_sample

pytestmark = pytest.mark.django_db
# The tiny encoder takes the mean of the words: one unknown word among so many changes little.
LONG = "where is my parcel it never came please refund"
PAGE, API = "/projects/shop/near-duplicates/", "/api/v1/projects/shop/near-duplicates"


@pytest.fixture
def ana(shop, client):
    user = make_expert(shop, "ana")
    client.force_login(user)
    return user


@pytest.fixture
def texts(shop, encoder):
    """Three that are nearly alike, one of them a test text, and one that is like none."""
    rows = [
        make_sample(shop, LONG),
        make_sample(shop, f"{LONG} !", split="validation"),
        make_sample(shop, f"{LONG} , please", split="test"),
        make_sample(shop, "loved the quick answer"),
    ]
    make_vectors(shop.pk)
    return rows


def members(project):
    return [
        sorted(group.texts.values_list("sample_id", flat=True)) for group in AlikeGroup.objects.filter(project=project)
    ]


def test_texts_that_are_nearly_alike_are_one_group_and_keep_their_splits(shop, texts):
    assert members(shop) == [[each.pk for each in texts[:3]]]
    assert all(alike.ALIKE <= each.likeness <= 1 for each in AlikeText.objects.all())
    assert [Sample.objects.get(pk=each.pk).split for each in texts] == ["train", "validation", "test", "train"]
    assert near.summary(shop) == near.Summary(groups=1, texts=3, crossing=1, test_texts=1)


def test_two_parts_of_a_batch_may_meet_in_one_group(shop):
    one, two, three, four, five = (make_sample(shop, text).pk for text in ("one", "two", "three", "four", "five"))
    alike.note(shop, [(one, two, 0.96), (three, four, 0.97)])
    alike.note(shop, [(two, three, 0.96), (four, five, 0.95)])
    connection.check_constraints()
    assert members(shop) == [[one, two, three, four, five]]


def test_a_group_that_a_batch_joined_may_be_joined_to_an_older_one_by_the_same_batch(shop):
    one, two, three, four, five = (make_sample(shop, text).pk for text in ("one", "two", "three", "four", "five"))
    alike.note(shop, [(one, two, 0.96)])
    alike.note(shop, [(three, four, 0.97)])
    known = [make_sample(shop, text).pk for text in ("six", "seven")]
    alike.note(shop, [(known[0], four, 0.96)])
    alike.note(shop, [(three, five, 0.95), (one, known[0], 0.95)])
    connection.check_constraints()
    assert members(shop) == [sorted([one, two, three, four, five, known[0]])]


def test_a_later_text_joins_groups(shop, encoder):
    first = [make_sample(shop, text) for text in ("one", "two", "three", "four")]
    one, two, three, four = (each.pk for each in first)
    alike.note(shop, [(one, two, 0.96), (three, four, 0.97)])
    alike.note(shop, [(one, two, 0.96), (three, four, 0.97)])
    assert sorted(members(shop)) == [[one, two], [three, four]]
    late = make_sample(shop, "five").pk
    alike.note(shop, [(late, two, 0.98), (late, three, 0.99)])
    assert members(shop) == [[one, two, three, four, late]]
    assert AlikeText.objects.get(sample=two).likeness == 0.98


def test_what_is_gone_meanwhile_is_left_out(shop):
    kept, gone = make_sample(shop, "one"), make_sample(shop, "two")
    pair = (kept.pk, gone.pk, 0.99)
    gone.delete()
    alike.note(shop, [pair])
    assert members(shop) == []


def test_a_withdrawn_text_does_not_count(shop, texts):
    services.withdraw_sample(SYSTEM, texts[0], "private")
    services.withdraw_sample(SYSTEM, texts[1], "private")
    assert near.summary(shop).groups == 0


def test_the_page_shows_groups_and_no_blind_test_text(client, ana, shop, texts):
    html = client.get(PAGE).content.decode()
    assert "3 texts" in html
    assert "test beside training" in html
    assert "1 test text not shown" in html
    assert str(texts[2].uid) not in html
    services.decide(acting(ana), Sample.objects.get(pk=texts[2].pk), ["billing"])
    assert str(texts[2].uid) in client.get(PAGE).content.decode()


def test_an_empty_list_says_so(client, ana, shop):
    html = client.get(PAGE).content.decode()
    assert "No near-duplicates" in html
    assert "Nothing found" in client.get(f"{PAGE}?crossing=1").content.decode()
    assert client.get(f"{PAGE}?before=rubbish").status_code == 200


def test_pages_lead_on(client, ana, shop):
    for number in range(25):
        one, two = make_sample(shop, f"text {number} a"), make_sample(shop, f"text {number} b")
        alike.note(shop, [(one.pk, two.pk, 0.99)])
    html = client.get(PAGE).content.decode()
    assert html.count("2 texts") == 20
    before = AlikeGroup.objects.order_by("-pk")[19].uid
    assert f"before={before}" in html
    assert client.get(f"{PAGE}?before={before}").content.decode().count("2 texts") == 5


def test_the_api_gives_the_same(ana, shop, texts):
    api = APIClient()
    api.force_login(ana)
    [group] = api.get(API).json()["results"]
    assert (group["size"], group["test"], group["training"], group["hidden"]) == (3, 1, 2, 1)
    assert {each["split"] for each in group["samples"]} == {"train", "validation"}
    assert len(api.get(f"{API}?crossing=true").json()["results"]) == 1
    assert api.get(f"{API}?crossing=perhaps").status_code == 400
    make_project("other")
    assert api.get("/api/v1/projects/other/near-duplicates").status_code == 404
    assert api.get(f"{API}?page_size=51").status_code == 400


def test_an_audit_that_waits_for_its_blind_answer_is_in_no_list(shop):
    one, two, three = (make_sample(shop, text) for text in ("one", "two", "three"))
    Sample.objects.filter(pk=two.pk).update(is_audit=True)
    alike.note(shop, [(one.pk, two.pk, 0.99), (two.pk, three.pk, 0.98)])
    [group] = near.with_texts(near.to_list(near.groups(shop)))
    assert (group.size, group.hidden, {text.sample_id for text in group.shown}) == (3, 1, {one.pk, three.pk})


@pytest.mark.parametrize("is_audit", [False, True])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("state", SampleState.values)
def test_the_database_knows_what_is_blind_as_a_row_does(shop, split, state, is_audit):
    sample = make_sample(shop, "one", split=split)
    Sample.objects.filter(pk=sample.pk).update(state=state, is_audit=is_audit)
    sample.refresh_from_db()
    assert Sample.objects.filter(blind()).exists() == sample.is_blind


def test_long_texts_are_cut_in_lists(client, ana, shop):
    one, two = make_sample(shop, "a " * 5_000), make_sample(shop, "b " * 5_000)
    alike.note(shop, [(one.pk, two.pk, 0.99)])
    api = APIClient()
    api.force_login(ana)
    [group] = api.get(API).json()["results"]
    assert [len(each["text"]) for each in group["samples"]] == [200, 200]
    assert "a a a" in client.get(PAGE).content.decode()


def test_of_a_large_group_so_many_texts_are_looked_at_and_that_is_said(client, ana, shop, monkeypatch):
    monkeypatch.setattr(near, "COUNTED", 5)
    rows = [make_sample(shop, f"text {number}", split="test" if number % 4 == 3 else "train") for number in range(8)]
    alike.note(shop, [(one.pk, two.pk, 0.99) for one, two in pairwise(rows)])
    services.withdraw_sample(SYSTEM, rows[0], "private")
    [group] = near.with_texts(near.to_list(near.groups(shop)))
    assert (group.size, group.test, group.training, group.hidden, group.is_part) == (5, 1, 4, 1, True)
    assert [text.sample_id for text in group.shown] == [row.pk for row in (rows[1], rows[2], rows[4], rows[5])]
    assert near.summary(shop) == near.Summary(1, 5, 1, 1, is_counted_short=True)
    html = client.get(PAGE).content.decode()
    assert "More than 5 texts" in html
    assert "of 5 of them: 4 in train and validation, 1 in test" in html
    assert "Of groups of more than 5 texts so many are looked at." in html
    api = APIClient()
    api.force_login(ana)
    assert api.get(API).json()["results"][0]["is_part"] is True
    monkeypatch.setattr(near, "COUNTED", 7)
    assert near.groups(shop).get().is_part is False
    monkeypatch.setattr(near, "COUNTED", 2)
    group = near.groups(shop, crossing=True).get()
    assert (group.test, group.crosses) == (0, True), "the test texts are beyond those that are looked at"


def test_a_page_asks_the_same_number_of_queries_however_many_groups_it_has(client, ana, shop):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    def add(number: int) -> None:
        one, two = make_sample(shop, f"text {number} a"), make_sample(shop, f"text {number} b")
        alike.note(shop, [(one.pk, two.pk, 0.99)])

    add(0)
    before = asked()
    for number in range(1, 6):
        add(number)
    assert asked() == before


def test_texts_in_unknown_characters_are_no_group(client, ana, shop, encoder):
    for text in ("Где моя посылка", "Верните деньги"):
        make_sample(shop, text)
    make_vectors(shop.pk)
    assert members(shop) == []
    assert "characters: 2." in client.get(PAGE).content.decode()
