"""Which texts teach most: typical ones of every cluster first, then what the head can hardly tell, spread."""

import numpy as np
import pytest

from tests.training.ordering.texts import LABELS, make_texts, points
from training.ordering.teaching import WIDE, margins, medoids, spread, teaching

pytestmark = pytest.mark.pure


def test_without_a_head_each_cluster_has_its_text_first():
    texts = make_texts(200)
    assert {place % LABELS for place in teaching(texts, LABELS)} == set(range(LABELS))


def test_clusters_with_a_golden_sample_are_passed_over():
    vectors, group = points(200)
    golden = vectors[group == 0][:20]
    found = medoids(vectors, golden, 3, seed=1)
    assert all(place % LABELS != 0 for place in found)


def test_a_head_that_knows_little_does_not_choose():
    few = make_texts(200, golden=LABELS - 1, headed=True)
    assert teaching(few, 20) == teaching(make_texts(200, golden=LABELS - 1), 20)


def test_a_head_that_knows_more_chooses_what_it_can_hardly_tell():
    texts = make_texts(10 * WIDE * 4, golden=10 * LABELS, headed=True, step=4)
    found = teaching(texts, 8)
    assert {place % 10 for place in found[:4]} == {0}
    assert len(set(found)) == 8


def test_what_it_can_hardly_tell_is_spread():
    vectors, group = points(200)
    margin = np.where(np.arange(200) < 4 * WIDE, 0.0, 1.0)
    found = spread(vectors, margin, 4, 4, seed=1)
    assert {int(group[place]) for place in found} == set(range(LABELS))
    assert max(found) < 4 * WIDE


def test_a_margin_is_between_the_two_likeliest_or_of_the_label_nearest_to_even():
    assert margins(np.array([[0.5, 0.3, 0.2]]), exclusive=True) == pytest.approx([0.2])
    assert margins(np.array([[0.9, 0.55, 0.0]]), exclusive=False) == pytest.approx([0.1])
    assert margins(np.array([[1.0]]), exclusive=True) == pytest.approx([1.0])


@pytest.mark.filterwarnings("error")
def test_equal_texts_and_few_texts_are_no_trouble():
    same = np.ones((30, 8), dtype=np.float32) / np.sqrt(8)
    assert len(medoids(same, same[:0], 10, seed=1)) == 1
    assert len(spread(same, np.zeros(30), 10, 20, seed=1)) == 20
    assert len(medoids(same[:1], same[:0], 10, seed=1)) == 1
