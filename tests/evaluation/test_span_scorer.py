"""Figures of spans: counted by hand, and as nervaluate counts them; and the simple methods beside them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator

from evaluation.metrics import summary
from evaluation.scorers import SCORERS, Counts, Scored, Task
from labeling.answers import Status

pytestmark = pytest.mark.pure

SCORER = SCORERS["spans"]


def answer(*spans: tuple[str, int, int]) -> dict[str, Any]:
    return {"spans": [{"label": name, "start": start, "end": end, "text": "-"} for name, start, end in spans]}


RIGHT = answer(("a", 0, 4), ("b", 10, 14))


def test_a_span_is_right_to_the_character_and_in_its_label():
    case = Scored(RIGHT, answer(("b", 10, 14), ("a", 0, 3), ("a", 20, 24)))
    assert SCORER.case_scores(case) == {"tp": 1, "fp": 2, "fn": 1, "f1": 0.4}
    assert SCORER.right_labels(case) == {"b"}
    assert not SCORER.is_exact(case)
    figures = SCORER.figures([case])
    assert (figures["precision_micro"], figures["recall_micro"]) == (1 / 3, 1 / 2)
    # Both right spans are touched in their label; the third touches none.
    assert figures["span_f1_type"] == 2 * 2 / 5
    assert figures["span_f1_partial"] == 2 * 1.5 / 5
    assert figures["span_f1_macro"] == 0.5
    assert figures["labels"]["a"] == {
        "support": 1, "tp": 0, "fp": 2, "fn": 1, "precision": 0, "recall": 0, "f1": 0, "f1_type": 2 / 3,
    }  # fmt: skip


def test_the_order_does_not_matter_and_the_wrong_label_does():
    assert SCORER.is_exact(Scored(RIGHT, answer(("b", 10, 14), ("a", 0, 4))))
    figures = SCORER.figures([Scored(RIGHT, answer(("b", 0, 4), ("a", 10, 14)))])
    assert [figures[name] for name in ("span_f1", "span_f1_type", "span_f1_partial")] == [0, 0, 1]


def test_an_answer_that_failed_is_never_free():
    empty = Scored(answer(), None, Status.FAILED)
    assert SCORER.case_scores(empty) == {"tp": 0, "fp": 1, "fn": 0, "f1": 0}
    figures = SCORER.figures([empty, Scored(RIGHT, RIGHT)])
    assert figures["span_f1"] == figures["span_f1_type"] == figures["span_f1_partial"] == 2 * 2 / 5
    assert SCORER.main_value([Scored(RIGHT, None, Status.FAILED)]) == 0
    assert summary(SCORER, [empty])["main"] == 0


PLACES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6), st.sampled_from("abc")), max_size=5)


def flat(places: list[tuple[int, int, str]]) -> dict[str, Any]:
    """Spans of which none overlap: where some do, nervaluate gives a right one to whoever asks first."""
    kept: list[tuple[str, int, int]] = []
    for start, length, label in sorted(places):
        if not kept or start >= kept[-1][2]:
            kept.append((label, start, start + length))
    return answer(*kept)


@given(st.lists(st.tuples(PLACES.map(flat), PLACES.map(flat)), min_size=1, max_size=4))
def test_figures_are_nervaluates(pairs):
    cases = [Scored(expected, got) for expected, got in pairs]
    sides = [
        [[{**span, "end": span["end"] - 1} for span in each["spans"]] for each in side]
        for side in zip(*pairs, strict=True)
    ]
    told = Evaluator(*map(list, sides), tags=list("abc"), loader="dict").evaluate()
    figures, overall = SCORER.figures(cases), told["overall"]
    for name, strategy in (("span_f1", "strict"), ("span_f1_type", "ent_type"), ("span_f1_partial", "partial")):
        assert figures[name] == pytest.approx(overall[strategy].f1)
    assert figures["labels"].keys() == told["entities"].keys()
    for label, row in figures["labels"].items():
        assert row["f1"] == pytest.approx(told["entities"][label]["strict"].f1)
        assert row["f1_type"] == pytest.approx(told["entities"][label]["ent_type"].f1)
    sums = [sum(values) for values in zip(*map(SCORER.parts, cases), strict=True)]
    assert SCORER.figure(sums, len(cases)) == pytest.approx(SCORER.main_value(cases))


def marked(text: str, *pieces: tuple[str, str]) -> tuple[str, dict[str, Any]]:
    places = [(label, text.index(piece), text.index(piece) + len(piece)) for label, piece in pieces]
    return text, answer(*places)


TRAIN = [
    marked("Ana lives in New York.", ("person", "Ana"), ("place", "New York")),
    marked("York is old, says Bo.", ("place", "York"), ("person", "Bo")),
    marked("May I go in May?", ("month", "May")),
    ("May it be. May it not.", answer()),
]


def test_a_gazetteer_marks_the_longest_known_piece_and_forgets_what_is_seldom_marked():
    text = "ANA saw bo in New York, not in York, in May: anaconda."
    (found,) = SCORER.baselines["gazetteer"].run(TRAIN, [(text, answer())], Task())
    assert [(each["label"], each["text"]) for each in found.read["spans"]] == [
        ("person", "ANA"),
        ("person", "bo"),
        ("place", "New York"),
        ("place", "York"),
    ]
    assert SCORER.is_exact(Scored(found.read, found.read))


def test_the_constant_marks_nothing():
    assert SCORER.baselines["constant"].run(TRAIN, TRAIN[:1], Task()) == [Scored(TRAIN[0][1], answer())]
    with pytest.raises(ValueError, match="no golden"):
        SCORER.constant_answer([])
    with pytest.raises(ValueError, match="no golden"):
        SCORER.baselines["gazetteer"].run([], TRAIN, Task())


def test_counts_of_a_case():
    assert SCORER.per_label([Scored(RIGHT, RIGHT)]) == {"a": Counts(tp=1), "b": Counts(tp=1)}
