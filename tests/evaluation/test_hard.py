"""The hard cases refuse what they are shown to have lost, name it, and promote nothing."""

import math

import pytest

from evaluation.gate import Evidence, Policy, Verdict, decide
from evaluation.hard import check_hard
from evaluation.scorers import Scored
from evaluation.scorers.multi_label import MultiLabelScorer

pytestmark = pytest.mark.pure

SCORER, POLICY = MultiLabelScorer(), Policy()


def evidence(tag: str, right: str, groups: dict[str, int] | None = None) -> Evidence:
    """A case for each letter, which is right where it is an `x`."""
    answers = {True: {"labels": ["a"]}, False: {"labels": ["b"]}}
    cases = {
        f"{number:02}": Scored({"labels": ["a"]}, answers[each == "x"], "strict") for number, each in enumerate(right)
    }
    return Evidence(tag, cases, groups=groups or {})


def checks(ours: str, theirs: str, must_pass: dict[str, int] | None = None, policy: Policy = POLICY, **fields):
    found = check_hard(policy, SCORER, evidence("v2", ours, **fields), evidence("v1", theirs), must_pass or {})
    return {check.name: check for check in found}


@pytest.mark.parametrize(
    ("ours", "theirs", "refuses", "lost"),
    [
        ("-xx", "xxx", True, 1),
        ("xxx", "xxx", False, 0),
        ("-xx", "-xx", False, 0),
        ("x--", "-xx", False, 0),
        ("--x", "xxx", True, 2),
    ],
)
def test_a_must_pass_case_is_lost_where_the_reference_had_it_right(ours, theirs, refuses, lost):
    found = checks(ours, theirs, {"00": 7, "01": 9} if lost == 2 else {"00": 7})["must_pass"]
    assert (found.refuses, found.ok, found.value) == (refuses, not refuses, lost)


def test_lost_cases_are_named_by_their_number():
    found = checks("--xx", "xxx-", {"00": 7, "01": 9, "03": 11})["must_pass"]
    assert found.detail == "must-pass cases that v1 has right are wrong: 2 of 2 (hard cases 7, 9)"
    many = checks("-" * 12, "x" * 12, {f"{n:02}": n for n in range(12)})["must_pass"]
    assert many.detail.endswith("(hard cases 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more)")
    held = checks("xx", "xx", {"00": 0})["must_pass"]
    assert held.detail == "none of the 1 must-pass cases that v1 has right is lost"


def test_without_marks_there_is_no_such_check():
    assert checks("xx", "xx").keys() == {"hard"}
    assert check_hard(POLICY, SCORER, evidence("v2", ""), evidence("v1", ""), {}) == ()


@pytest.mark.parametrize("lost", range(1, 8))
def test_a_handful_of_cases_refuses_no_sooner_than_chance_allows(lost):
    """All that differ went one way: by chance that happens once in 2 ** lost, and half of it counts (the mid-p)."""
    found = checks("x" * (12 - lost) + "-" * lost, "x" * 12)["hard"]
    assert found.refuses is (0.5**lost / 2 <= 0.05)
    assert found.value == pytest.approx(-lost / 12)


def test_only_a_loss_above_the_margin_refuses():
    """Six of 120 are lost: shown to be a loss, and not one of more than a tenth."""
    ours, theirs = "-" * 6 + "x" * 114, "x" * 120
    assert checks(ours, theirs, policy=Policy(hard_margin=0.0))["hard"].refuses
    held = checks(ours, theirs, policy=Policy(hard_margin=0.1))["hard"]
    assert (held.refuses, held.ok, held.bound) == (False, True, -0.1)
    assert "not shown to be worse by more than 0.1" in held.detail


def test_near_duplicates_are_one_case():
    one = dict.fromkeys((f"{number:02}" for number in range(6)), 1)
    assert checks("-" * 6 + "x" * 6, "x" * 12)["hard"].refuses
    assert not checks("-" * 6 + "x" * 6, "x" * 12, groups=one)["hard"].refuses


def drawn(tag: str, right: int) -> Evidence:
    return evidence(tag, "x" * right + "-" * (60 - right))


def test_they_refuse_what_would_pass_and_pass_nothing():
    better, same, live = drawn("v2", 55), drawn("v2", 30), drawn("v1", 30)
    policy = Policy(minimum=0)
    lost = check_hard(policy, SCORER, evidence("v2", "-"), evidence("v1", "x"), {"00": 3})
    won = check_hard(policy, SCORER, evidence("v2", "x" * 40), evidence("v1", "-" * 40), {"00": 3})
    assert decide(policy, SCORER, better, live).verdict == Verdict.PASSED
    refused = decide(policy, SCORER, better, live, beside=lost)
    assert refused.verdict == Verdict.REFUSED
    assert refused.sentence == "v2 is refused: must-pass cases that v1 has right are wrong: 1 of 1 (hard cases 3)."
    assert decide(policy, SCORER, better, live, beside=won).verdict == Verdict.PASSED
    assert decide(policy, SCORER, same, live, beside=won).verdict == Verdict.INSUFFICIENT
    assert [check.name for check in refused.checks] == [
        "cases",
        "minimum",
        "psr",
        "labels",
        "must_pass",
        "hard",
        "difference",
    ]
    assert math.isclose(refused.difference.candidate, 55 / 60), "they add nothing to the figure"
