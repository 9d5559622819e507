"""Two heads on equal numbers of labels: when they are compared, on what, and what the page says before."""

import random

import pytest
from django.urls import reverse

from evaluation.models import OrderComparison
from evaluation.services.order_comparison import cases_of, compare_orders, due, is_due, sides_of
from labeling.models import Event, Sample
from labeling.services import decide, decide_known, next_sample
from labeling.services.order.places import ranking_of, store_places
from labeling.services.queue import back_rank
from tests.factories import SYSTEM, TAGS, acting, make_expert, make_project, make_sample
from tests.heads import have_encoder
from tests.training.heads.folders import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings, tmp_path):
    have_encoder(settings, tmp_path / "models")
    return make_project("shop")


def text_with(label, number) -> str:
    return f"{text_of([label], random.Random(number))} {number}"


def reviewed(project, count) -> list[Sample]:
    """So many of twice as many texts answered as the streams gave them, by an order of places."""
    texts = [make_sample(project, text_with(TAGS[n % 3], n), rank=n + 1) for n in range(2 * count)]
    ranking_of(project)
    store_places(project, {"teach": [(sample.pk, None) for sample in texts[::-1][:200]]})
    ana = acting(make_expert(project))
    given = []
    for _ in range(count):
        sample = next_sample(ana, project)
        decide(ana, sample, [TAGS[texts.index(sample) % 3]])
        given.append(sample)
    return given


def judge(project, count) -> None:
    for number in range(count):
        label = TAGS[number % 3]
        sample = make_sample(project, text_with(label, 10_000 + number), split="test")
        decide_known(SYSTEM, sample, {"labels": [label]})


def page_of(client, project) -> str:
    client.force_login(make_expert(project))
    return client.get(reverse("labeling:order", args=[project.key])).content.decode()


def test_what_chance_passed_by_is_held_against_as_many_of_the_first(shop):
    given = reviewed(shop, 60)
    sides = sides_of(shop)
    drawn = [sample for sample in given if Sample.objects.get(pk=sample.pk).stream == "random"]
    assert {str(sample.uid) for sample in drawn} == sides.by_chance, "the chosen ones lie behind what chance has passed"
    assert {str(sample.uid) for sample in given[: len(drawn)]} == sides.ordered


def test_a_skipped_text_does_not_tell_how_far_chance_has_come(shop):
    reviewed(shop, 60)
    drawn = Sample.objects.filter(stream="random").order_by("rank")
    skipped = drawn.first()
    Sample.objects.filter(pk=skipped.pk).update(rank=back_rank())
    assert sides_of(shop).by_chance == {str(sample.uid) for sample in drawn.exclude(pk=skipped.pk)}


def test_before_there_is_enough_it_is_not_known_yet(shop, client):
    assert "Not known yet" in page_of(client, shop)
    reviewed(shop, 60)
    judge(shop, 30)
    assert cases_of(shop) == 30
    assert not is_due(shop), "chance has passed too few texts"
    assert compare_orders(shop) is None
    assert "(30 now)" in page_of(client, shop)


def test_with_enough_labels_both_heads_answer_the_same_test_texts(shop, client):
    reviewed(shop, 140)
    judge(shop, 40)
    assert due() == [shop.pk]
    row = compare_orders(shop)
    assert (row.labels, row.cases) == (sides_of(shop).labels, 40)
    assert row.labels >= 50
    assert row.low <= row.difference <= row.high
    assert row.ordered > 0.5
    assert row.by_chance > 0.5
    assert Event.objects.get(verb="order.compared").after["labels"] == row.labels
    assert due() == [], "nothing new"
    assert OrderComparison.objects.count() == 1
    page = page_of(client, shop)
    assert "On 40 blind test texts" in page
    assert "95 %, paired" in page


def test_a_kind_without_labels_has_nothing_to_compare(client):
    letters = make_project("letters", kind="text", labels=())
    assert "Is it worth it here?" not in page_of(client, letters)
