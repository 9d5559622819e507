"""The registry of orders: every one of them, on texts with and without a head."""

import dataclasses

import numpy as np
import pytest

from tests.training.ordering.texts import LABELS, make_texts, points
from training.ordering.candidates import MOST
from training.ordering.orders import ORDERS, doubts

pytestmark = pytest.mark.pure
OF_TEXTS = [order for order in ORDERS.values() if not order.of_golden]


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
def test_each_order_is_whole(order):
    assert ORDERS[order.name] is order
    assert len(order.name) <= 20
    assert order.title[0].isupper()
    assert order.about.endswith(".")
    assert order.needs_vectors or not order.needs_head


@pytest.mark.parametrize("headed", [False, True])
@pytest.mark.parametrize("order", OF_TEXTS, ids=[order.name for order in OF_TEXTS])
def test_each_order_places_texts_once_and_the_same_again(order, headed):
    if order.needs_head and not headed:
        return
    texts = make_texts(300, golden=20, headed=headed)
    found = order.places(texts)
    ids = [pk for pk, _ in found]
    assert 0 < len(ids) <= MOST
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(texts.ids)
    assert order.places(texts) == found


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
def test_no_text_is_no_place(order):
    texts = make_texts(0, headed=True, newest=lambda most: [], oldest=lambda most: [])
    assert order.places(texts) == []


def test_the_least_sure_come_first():
    found = ORDERS["confidence"].places(make_texts(headed=True))
    assert {pk % 10 for pk, _ in found[:12]} == {0}
    assert [score for _, score in found] == sorted(score for _, score in found)


def test_what_is_unlike_all_golden_samples_comes_first():
    only = points(1, seed=2)[0]  # a golden sample of the first cluster alone
    found = ORDERS["novelty"].places(dataclasses.replace(make_texts(40), golden=only))
    assert {(pk - 1000) % LABELS for pk, _ in found[-10:]} == {0}


def test_a_seed_is_an_order():
    one, two = (ORDERS["random"].places(make_texts(seed=seed)) for seed in (1, 2))
    assert one != two
    assert sorted(one) == sorted(two)
    fewer = dataclasses.replace(make_texts(seed=1), ids=range(1000, 1100))
    assert ORDERS["random"].places(fewer) == [each for each in one if each[0] < 1100], "what is gone moves nothing"


def test_answers_that_heads_would_give_otherwise_are_listed_alone():
    assert [pk for pk, _ in ORDERS["doubtful"].places(make_texts(golden=8, headed=True))] == [0]


def test_of_several_labels_the_one_that_is_most_otherwise_counts():
    chances, targets = np.array([[0.9, 0.2], [0.9, 0.1]]), np.array([[1.0, 1.0], [1.0, 0.0]])
    assert doubts(chances, targets, exclusive=False) == pytest.approx([0.6, -0.8])
