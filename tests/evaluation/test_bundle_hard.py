"""A promotion's evidence holds the hard cases that its verdict looked at, and what is changed in them is found."""

import pytest

from evaluation.services import advance
from labeling import services as labeling
from tests.evaluation.promotions import forged, live, part, staged, written
from tests.evaluation.promotions import wrong as wrong_in
from tests.evaluation.worlds import text_of
from tests.factories import SYSTEM

pytestmark = pytest.mark.django_db

FORGERIES = {
    "answer": lambda rows: part(rows, "hard_case")["candidate"].update(answer={"labels": []}),
    "expected": lambda rows: part(rows, "hard_case").update(expected={"labels": ["praise"]}),
    "mark": lambda rows: part(rows, "hard_case").update(reasons=[]),
    "cases gone": lambda rows: [rows.remove(part(rows, "hard_case")) for _ in range(2)],
    "all gone": lambda rows: rows.__setitem__(slice(None), [row for row in rows if not row["part"].startswith("hard")]),
    "check": lambda rows: part(rows, "report")["checks"][4].update(detail="none is lost"),
    "margin": lambda rows: part(rows, "policy")["policy"].update(hard_margin=0.5),
}


@pytest.fixture
def whole(judged, tmp_path):
    """Two of the forty drawn cases must pass."""
    for number in (3, 4):
        labeling.mark_must_pass(SYSTEM, judged.samples.get(text=text_of(number)), "an incident")
    assert advance(staged(judged, 1).pk).hard.suite.size == 2
    return written(tmp_path / "whole", live(judged))


def test_it_is_verified_with_them(whole):
    assert wrong_in(whole) == {}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_is_changed_in_them_is_found(whole, name):
    assert wrong_in(forged(whole, FORGERIES[name])), name
