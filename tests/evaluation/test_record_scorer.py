"""Scores of records: by field, rows of lists side by side, and what a constant would have."""

import pytest

from evaluation.scorers import SCORERS, Counts, Scored, Task
from evaluation.scorers.record import RecordScorer, paired
from labeling.answers import Status
from tests.records import BILL

SCORER = RecordScorer()


def table(expected: object, got: object) -> dict[str, tuple[int, int, int]]:
    counts = SCORER.per_field([Scored({"x": expected}, {"x": got})])
    return {path: (each.tp, each.fp, each.fn) for path, each in counts.items()}


@pytest.mark.parametrize(
    ("expected", "got", "counts"),
    [
        ("ACME  Ltd", "acme ltd", {"/x": (1, 0, 0)}),
        (3, 3.0, {"/x": (1, 0, 0)}),
        (1, True, {"/x": (0, 1, 1)}),
        (None, None, {}),
        (None, "a", {"/x": (0, 1, 0)}),
        ("a", None, {"/x": (0, 0, 1)}),
        (["a", "b", "b"], ["b", "a", "c"], {"/x": (2, 1, 1)}),
        ({"y": 1, "z": 2}, {"y": 1, "w": 2}, {"/x/y": (1, 0, 0), "/x/z": (0, 0, 1), "/x/w": (0, 1, 0)}),
        ([{"a": 1, "b": 1}, {"a": 2, "b": 2}], [{"a": 2, "b": 2}], {"/x/*/a": (1, 0, 1), "/x/*/b": (1, 0, 1)}),
        ([{"a": 1, "b": 1}], [{"a": 1, "b": 2}], {"/x/*/a": (1, 0, 0), "/x/*/b": (0, 1, 1)}),
        ([], [{"a": 1}], {"/x/*/a": (0, 1, 0)}),
    ],
)
def test_each_field_counts_by_what_is_right_given_in_vain_and_missed(expected, got, counts):
    assert table(expected, got) == counts


def test_a_whole_record_is_one_whose_fields_are_all_right():
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert SCORER.is_exact(Scored({"x": rows, "v": "ACME"}, {"x": rows[::-1], "v": "acme", "w": None}))
    assert not SCORER.is_exact(Scored({"x": 1}, {"x": True}))
    assert not SCORER.is_exact(Scored({"x": 1}, {"x": 1, "y": 2}))
    assert not SCORER.is_exact(Scored({}, None, Status.FAILED))


def test_rows_are_put_beside_those_they_have_the_most_in_common_with():
    rows = [{"a": 1, "b": 1}, {"a": 2, "b": 2}]
    assert paired(rows, rows[::-1]) == [(rows[0], rows[0]), (rows[1], rows[1])]


def test_the_figures_are_micro_means_and_whole_records():
    wrong = BILL | {"total": 4}
    cases = [
        Scored(BILL, BILL),
        Scored(BILL, wrong),
        Scored(BILL, None, Status.FAILED),
        Scored({}, None, Status.FAILED),
    ]
    figures = SCORER.figures(cases)
    assert SCORER.main_value(cases) == figures["f1_fields"] == Counts(9, 2, 6).f1
    assert figures["exact_records"] == 0.25
    assert figures["fields"]["/total"] | {"f1": 0} == {
        "support": 3, "tp": 1, "fp": 1, "fn": 2, "precision": 0.5, "recall": 1 / 3, "f1": 0,
    }  # fmt: skip
    sums = [sum(values) for values in zip(*map(SCORER.parts, cases), strict=True)]
    assert SCORER.figure(sums, len(cases)) == pytest.approx(figures["f1_fields"])


def test_the_constant_has_each_fields_most_common_value():
    rows = [BILL, BILL | {"vendor": "Bolt", "kind": "invoice"}, BILL | {"total": 1}]
    answer = SCORERS["record"].constant_answer(rows)
    assert answer == BILL
    assert [case.got for case in SCORER.constant([("a", BILL)], [("b", BILL)], Task())] == [BILL]
    with pytest.raises(ValueError, match="no golden answers"):
        SCORER.constant_answer([])
