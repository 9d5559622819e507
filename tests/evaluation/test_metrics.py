"""The figures are what the field means by their names: held against scikit-learn and against hand-counted cases."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.intervals import wilson
from evaluation.metrics import fcr, percentiles, psr, summary
from evaluation.scorers import SCORERS, Counts, Scored
from evaluation.scorers.labels import macro
from evaluation.scorers.multi_label import MultiLabelScorer

pytestmark = pytest.mark.pure

LABELS = ["a", "b", "c", "d"]
SCORER = MultiLabelScorer()


def multi(expected: str, got: str | None, status: str = "strict") -> Scored:
    return Scored({"labels": list(expected)}, None if got is None else {"labels": list(got)}, status)


CASES = [multi("ab", "ab"), multi("a", "bc", "repaired"), multi("c", None, "failed"), multi("", "")]


def test_rates_of_reading() -> None:
    assert (psr(CASES), fcr(CASES), summary(SCORER, CASES)["exact"]) == (0.75, 0.25, 0.5)


def test_a_failed_answer_misses_every_label_and_is_never_exact() -> None:
    assert SCORER.micro([multi("ab", None, "failed")]) == Counts(0, 0, 2)
    assert not SCORER.is_exact(multi("", None, "failed"))
    assert SCORER.micro([multi("a", "a", "failed")]) == Counts(0, 0, 1)


def test_counts_by_hand() -> None:
    assert SCORER.micro(CASES) == Counts(2, 2, 2)
    assert SCORER.per_label(CASES) == {"a": Counts(1, 0, 1), "b": Counts(1, 1, 0), "c": Counts(0, 1, 1)}
    assert macro(SCORER.per_label(CASES))["f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_a_case_by_itself() -> None:
    assert SCORER.case_scores(multi("ab", "bcd")) == {"tp": 1, "fp": 2, "fn": 1, "f1": 2 / 5}
    assert SCORER.case_scores(multi("ab", "a", "failed")) == {"tp": 0, "fp": 0, "fn": 2, "f1": 0.0}
    assert [SCORER.parts(case) for case in CASES] == [[4, 4], [0, 3], [0, 1], [0, 0]]


@pytest.mark.parametrize("drawn", [CASES, CASES[:1], CASES[1:], CASES[3:], [CASES[0], CASES[0], CASES[2]]])
def test_a_draw_of_the_paired_test_has_the_figure_of_its_cases(drawn: list[Scored]) -> None:
    sums = np.sum([SCORER.parts(case) for case in drawn], axis=0)
    assert SCORER.figure(sums, len(drawn)) == pytest.approx(SCORER.main_value(drawn))


PAIRS = st.tuples(st.sets(st.sampled_from(LABELS)), st.sets(st.sampled_from(LABELS)))


@settings(deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=12))
def test_the_figures_are_scikit_learns(pairs: list[tuple[set[str], set[str]]]) -> None:
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    cases = [multi("".join(expected), "".join(got)) for expected, got in pairs]
    wanted = np.array([[name in expected for name in LABELS] for expected, _ in pairs])
    given_ = np.array([[name in got for name in LABELS] for _, got in pairs])
    precision, recall, f1, _ = precision_recall_fscore_support(wanted, given_, average="micro", zero_division=0)
    total = SCORER.micro(cases)
    assert (total.precision, total.recall, total.f1) == pytest.approx((precision, recall, f1))
    assert summary(SCORER, cases)["exact"] == pytest.approx(accuracy_score(wanted, given_))
    expected = np.flatnonzero(wanted.any(axis=0)).tolist()
    if expected:
        means = precision_recall_fscore_support(wanted, given_, average="macro", labels=expected, zero_division=0)
        figures = summary(SCORER, cases)
        found = [figures[f"{name}_macro_v2"] for name in ("precision", "recall", "f1")]
        assert found == pytest.approx(means[:3])


def test_macro_figures_are_of_the_same_labels_whoever_answers() -> None:
    """Of a task with a, b and c, where nobody expects c: one version never gives it, the other gives it in vain."""
    from sklearn.metrics import balanced_accuracy_score, f1_score

    wanted, careful, vain = "aabb", "aabb", "aabc"
    found = {}
    for name, given_ in (("careful", careful), ("vain", vain)):
        cases = [Scored({"label": one}, {"label": two}) for one, two in zip(wanted, given_, strict=True)]
        found[name] = summary(SCORERS["single_label"], cases)
        by_sklearn = f1_score(list(wanted), list(given_), labels=["a", "b"], average="macro")
        assert found[name]["f1_macro_v2"] == pytest.approx(by_sklearn)
    assert (found["careful"]["f1_macro_v2"], found["vain"]["f1_macro_v2"]) == pytest.approx((1.0, 5 / 6))
    assert found["vain"]["recall_macro_v2"] == balanced_accuracy_score(list(wanted), list(vain)) == 0.75
    assert "f1_macro" not in found["vain"]


def test_single_label_exactness_is_accuracy() -> None:
    cases = [Scored({"label": "a"}, {"label": "a"}), Scored({"label": "a"}, {"label": "b"})]
    figures = summary(SCORERS["single_label"], cases)
    assert (figures["exact"], figures["main"], figures["main_metric"]) == (0.5, 0.5, "exact")
    assert figures["labels"]["a"]["support"] == 2
    assert SCORERS["single_label"].figure(np.array([3.0]), 4) == 0.75


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_percentiles_are_numpys(values: list[float]) -> None:
    found = percentiles(values)
    assert list(found.values()) == pytest.approx([*np.percentile(values, [50, 90, 99]), max(values)])
    assert percentiles([]) == {}


def test_the_summary_is_json_and_whole() -> None:
    import json

    figures: dict[str, Any] = summary(SCORER, CASES, [10.0, 20.0])
    assert json.loads(json.dumps(figures))["latency_ms"] == {"p50": 15.0, "p95": 19.5, "p99": 19.9, "max": 20.0}
    assert figures["main"] == figures["f1_micro"] == 0.5
    assert summary(SCORER, [])["main"] == 0.0


def test_intervals_count_near_duplicates_once():
    scorer = SCORERS["single_label"]
    cases = [Scored({"label": "a"}, {"label": "a" if case < 50 else "b"}) for case in range(100)]
    alone, five = summary(scorer, cases), summary(scorer, cases, groups=[case // 5 for case in range(100)])
    assert "units" not in alone
    assert five["units"] == 20
    for name in ("main_interval", "exact_interval"):
        wide, narrow = (row[name][1] - row[name][0] for row in (five, alone))
        assert 1.8 < wide / narrow < 2.6
    assert five["psr_interval"] == wilson(20, 20)
    assert five["exact"] == alone["exact"]
