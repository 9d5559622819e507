"""The row of the thumbs, played small through the product's own services: people who point at texts bend no suite."""

import random

import pytest

from benchmarks.gate.rows import Row
from benchmarks.gate.thumbs import REVIEWED, bent, played, pointed, reviewed

pytestmark = pytest.mark.django_db


def test_the_suite_is_what_chance_drew_and_the_bent_one_is_not():
    project, live, disliked = pointed(random.Random(3), 1)
    cases = reviewed(project)
    assert len(cases) == len(bent(cases, disliked)) == REVIEWED
    assert len(disliked) == 10
    assert not any(live[text] for text in disliked)
    assert len(set(disliked) & set(cases)) < 10
    assert set(disliked) <= set(bent(cases, disliked))


def test_equal_versions_pass_no_more_often_for_the_thumbs():
    straight, chosen = played(4, 2, 150)
    assert Row(straight.value, 0.06, 0.05).holds
    assert chosen.value > straight.value
