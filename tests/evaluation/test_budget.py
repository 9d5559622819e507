"""What the automatic gate may spend: never more than the budget in a period, and never nothing."""

import random

import pytest

from evaluation.advice import after, before, needed, smallest_gain
from evaluation.anchor import check_anchor
from evaluation.budget import Look, gauge, grant, is_due_again
from evaluation.gate import Evidence, Policy
from evaluation.groups import joined
from evaluation.paired import Difference, Shown
from evaluation.scorers import SCORERS, Scored

pytestmark = pytest.mark.pure


def spent_by(firsts: list[bool], budget: float = 0.05, rounds: int = 20) -> list[Look]:
    looks: list[Look] = []
    for is_first in firsts:
        looks.append(grant(looks, budget, rounds, is_first=is_first))
    return looks


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_looks_a_period_spends_no_more_than_its_budget(seed):
    chance = random.Random(seed)
    firsts = [True, *(chance.random() < 0.4 for _ in range(300))]
    looks, begun, spent = spent_by(firsts), 0, 0.0
    for look in looks:
        assert 0 < look.level <= 0.05
        if look.is_first:
            begun, spent = (1, 0.0) if begun == 20 else (begun + 1, spent)
        spent += look.level
        assert spent <= 0.05 * begun / 20 + 1e-12
    assert gauge(looks, 0.05, 20).spent == pytest.approx(spent)


def test_what_is_not_spent_is_carried_on():
    looks = spent_by([True] * 20)
    levels = [look.level for look in looks]
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(0.6 * 0.0025)
    assert grant(looks[:5], 0.05, 20, is_first=False).level == pytest.approx(0.6 * (0.0125 - sum(levels[:5])))
    found = gauge(looks, 0.05, 20)
    assert (found.period, found.round, found.left) == (1, 20, pytest.approx(0.05 - sum(levels)))


def test_after_its_rounds_a_new_period_begins():
    looks = spent_by([True] * 21)
    assert looks[20] == looks[0]
    assert (gauge(looks, 0.05, 20).period, gauge(looks, 0.05, 20).round) == (2, 1)
    assert gauge([], 0.05, 20).there == 0.0


def test_a_single_test_is_no_stricter_than_its_own_level():
    assert grant([], 0.5, 1, is_first=True, most=0.05).level == 0.05
    assert not is_due_again(119, 100)
    assert is_due_again(120, 100)


def test_rows_that_share_a_key_hang_together():
    assert joined([["a"], ["b"], ["a", "c"], [], ["c"], ["b"]]) == [0, 1, 0, 2, 0, 1]
    assert joined([["a"], ["b"], ["b", "a"]]) == [0, 0, 0]


def answers(tag: str, right: int, cases: int = 400) -> Evidence:
    return Evidence(tag, {i: Scored({"label": "a"}, {"label": "a" if i < right else "b"}) for i in range(cases)})


def test_the_anchor_stops_a_chain_of_small_losses():
    policy, scorer = Policy(accept_tie=True, margin=0.05, min_cases=30), SCORERS["single_label"]
    best = answers("p:v1", 320)
    near = check_anchor(policy, scorer, answers("p:v9", 318), [best], 0.01)
    far = check_anchor(policy, scorer, answers("p:v9", 306), [answers("p:v8", 310), best], 0.01)
    assert near is not None
    assert far is not None
    assert (near.ok, far.ok) == (True, False)
    assert "-0.035 against p:v1, once live: not shown to be within 0.05" in far.detail
    assert check_anchor(policy, scorer, best, [], 0.01) is None
    few = check_anchor(policy, scorer, answers("p:v9", 20, 20), [best], 0.01)
    assert few is not None
    assert not few.ok


def test_without_ties_the_anchor_stops_only_what_is_shown_to_be_worse():
    scorer, best = SCORERS["single_label"], answers("p:v1", 320)
    for right, ok in ((318, True), (250, False)):
        found = check_anchor(Policy(), scorer, answers("p:v9", right), [best], 0.01)
        assert found is not None
        assert found.ok is ok


def test_advice_says_what_would_be_enough():
    assert smallest_gain(500, 0.05) == pytest.approx(0.0497, abs=5e-4)
    assert needed(0.05, 0.05, 0.2**0.5) == pytest.approx(495, abs=2)
    assert needed(0.0, 0.05, 0.4) is None
    assert before(15, 0.05, 30).startswith("15 of 30 cases are there: review test texts first.")
    assert "5.0%" in before(500, 0.05, 30)
    test = Shown(0.2, 0.0, "exact", 200, 200, 40)
    told = after(Difference(0.55, 0.53, 0.02, -0.04, 0.08), test, 0.05, 0.95, decided=False)
    assert told.more == pytest.approx(2700, rel=0.1)
    assert "if the true one is as measured (+2.0%), about" in told.sentence
    assert after(Difference(0.5, 0.53, -0.03, -0.09, 0.03), test, 0.05, 0.95, decided=False).more is None
    assert after(Difference(0.6, 0.5, 0.1, 0.04, 0.16), test, 0.05, 0.95, decided=True).more == 0
