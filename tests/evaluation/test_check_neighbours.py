"""A version beside its neighbours: what does not beat the best of them says so, and the policy decides what follows."""

import random

import pytest

from evaluation.check_neighbours import check_neighbours
from evaluation.checks import Check, Pair
from evaluation.gate import Evidence, Policy, Verdict, decide
from evaluation.scorers import SCORERS, Scored

pytestmark = pytest.mark.pure
SCORER = SCORERS["single_label"]
SAYS, REFUSES = Policy(minimum=0.0), Policy(minimum=0.0, neighbours_refuse=True)
RIGHT, WRONG = Scored({"label": "a"}, {"label": "a"}), Scored({"label": "a"}, {"label": "b"})


def answers(tag: str, right: range, cases: int = 100) -> Evidence:
    return Evidence(tag, {case: RIGHT if case in right else WRONG for case in range(cases)})


LIVE, BETTER = answers("v1", range(0)), answers("v2", range(60))


def judged(policy: Policy, *neighbours: Evidence) -> tuple[Verdict, Check, str]:
    report = decide(policy, SCORER, BETTER, LIVE, neighbours=neighbours)
    (check,) = [each for each in report.checks if each.name == "neighbours"]
    return report.verdict, check, report.sentence


def test_a_neighbour_that_is_shown_to_be_better_refuses_where_the_policy_says_so():
    best = answers("TF-IDF", range(75))
    verdict, check, sentence = judged(REFUSES, answers("Constant", range(20)), best)
    assert (verdict, check.ok, check.refuses, check.value, check.bound) == ("refused", False, True, 0.6, 0.75)
    assert sentence == (
        "v2 is refused: accuracy 0.600 does not beat the 0.750 of “TF-IDF”, the best of 2 neighbours, which is shown "
        "to be better (p < 0.0001, one-sided 0.025)."
    )


def test_else_it_is_said_and_the_version_passes():
    verdict, check, sentence = judged(SAYS, answers("TF-IDF", range(75)))
    assert (verdict, check.ok, check.refuses) == ("passed", True, False)
    assert "of “TF-IDF”, which is shown to be better" in sentence
    assert "; the policy says so and does not refuse)" in sentence


def test_what_is_only_measured_to_be_better_refuses_nothing():
    verdict, check, _ = judged(REFUSES, answers("TF-IDF", range(62)))
    assert (verdict, check.ok) == ("passed", True)
    assert (
        "does not beat the 0.620 of “TF-IDF”, which is not shown to be better (p = 0.125, one-sided 0.05)"
        in check.detail
    )


def test_what_is_below_is_said_in_a_few_words():
    _, check, _ = judged(REFUSES, answers("Constant", range(20)), answers("TF-IDF", range(50)))
    assert check.detail == "accuracy 0.600 is above the 0.500 of “TF-IDF”, the best of 2 neighbours"


def test_an_equal_one_is_not_beaten():
    _, check, _ = judged(REFUSES, answers("TF-IDF", range(60)))
    assert "does not beat the 0.600" in check.detail
    assert check.ok


def test_without_neighbours_the_gate_says_so_only_where_they_could_refuse():
    assert check_neighbours(SAYS, SCORER, []) is None
    none = check_neighbours(REFUSES, SCORER, [("TF-IDF", Pair([], [], []))])
    assert none is not None
    assert (none.ok, none.refuses) == (True, False)
    assert "no neighbour has answered these cases" in none.detail


def test_equal_neighbours_refuse_at_most_as_often_as_the_level_says():
    """Six as good as the version: the best of them was chosen, and its test knows that."""
    luck, refused = random.Random(11), 0
    for _ in range(300):
        ours, *others = ([RIGHT if luck.random() < 0.7 else WRONG for _ in range(80)] for _ in range(7))
        check = check_neighbours(
            REFUSES, SCORER, [(str(i), Pair(ours, each, list(range(80)))) for i, each in enumerate(others)]
        )
        refused += check is not None and check.refuses
    assert refused / 300 <= 0.05 + 1.4 * 1.96 * (0.05 * 0.95 / 300) ** 0.5
