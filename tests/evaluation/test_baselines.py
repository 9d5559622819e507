"""The simple methods that every figure is held against."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.baselines import constant, constant_answer, tfidf_logreg
from evaluation.metrics import Scored, micro, summary

SETS = st.lists(st.sets(st.sampled_from("abcd")).map(lambda names: {"labels": sorted(names)}), min_size=1, max_size=9)


@settings(deadline=None)
@given(SETS)
def test_no_other_set_of_labels_fits_better_than_the_constant(answers: list[dict[str, list[str]]]) -> None:
    def score(labels: tuple[str, ...]) -> float:
        return micro([Scored(answer, {"labels": list(labels)}) for answer in answers]).f1

    best = max(score(labels) for size in range(5) for labels in combinations("abcd", size))
    assert score(tuple(constant_answer("multi_label", answers)["labels"])) == pytest.approx(best)


def test_the_constant_of_other_kinds_is_the_most_frequent() -> None:
    assert constant_answer("single_label", [{"label": x} for x in "bab"]) == {"label": "b"}
    assert constant_answer("text", [{"text": "y"}, {"text": "x"}]) == {"text": "x"}
    assert constant_answer("multi_label", [{"labels": ["a", "b"]}] * 3, limit=1) == {"labels": ["a"]}
    with pytest.raises(ValueError, match="no golden answers"):
        constant_answer("text", [])


WORDS = {"money": "refund please give money back", "parcel": "where is my parcel", "login": "cannot log in password"}


def examples(copies: int) -> list[tuple[str, dict[str, list[str]]]]:
    pairs = [((one,), WORDS[one]) for one in WORDS]
    pairs += [((one, two), f"{WORDS[one]} and {WORDS[two]}") for one, two in combinations(WORDS, 2)]
    return [(f"{text} {i}", {"labels": list(labels)}) for i in range(copies) for labels, text in pairs]


def test_tfidf_learns_what_words_tell_and_beats_the_constant() -> None:
    train, test = examples(6), examples(1)
    learned, fixed = tfidf_logreg("multi_label", train, test), constant("multi_label", train, test)
    assert summary("multi_label", learned)["f1_micro"] > 0.95 > summary("multi_label", fixed)["f1_micro"]
    assert [case.expected for case in learned] == [answer for _, answer in test]
    assert all(len(case.got["labels"]) <= 1 for case in tfidf_logreg("multi_label", train, test, limit=1) if case.got)


def test_tfidf_with_one_label() -> None:
    train = [(WORDS[name], {"label": name}) for name in WORDS for _ in range(3)]
    assert all(case.got == case.expected for case in tfidf_logreg("single_label", train, train))


@pytest.mark.parametrize(
    ("kind", "train", "got"),
    [
        ("single_label", [("x", {"label": "a"})], {"label": "a"}),
        ("multi_label", [("x", {"labels": ["a"]}), ("y", {"labels": ["a"]})], {"labels": ["a"]}),
        ("multi_label", [("x", {"labels": []})], {"labels": []}),
        (
            "multi_label",
            [("!!", {"labels": ["a"]}), ("?", {"labels": ["a"]}), (".", {"labels": ["b"]})],
            {"labels": ["a"]},
        ),
    ],
)
def test_training_rows_that_teach_nothing_give_the_constant(kind: str, train: list, got: dict) -> None:
    assert tfidf_logreg(kind, train, [("z", got)]) == [Scored(got, got)]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=5), SETS.map(lambda s: s[0])), min_size=1, max_size=15))
def test_no_training_rows_crash_it(train: list) -> None:
    assert len(tfidf_logreg("multi_label", train, train)) == len(train)
    assert tfidf_logreg("multi_label", train, []) == []


def test_what_cannot_be_learned_is_refused() -> None:
    with pytest.raises(ValueError, match="text task"):
        tfidf_logreg("text", [("x", {"text": "y"})], [])
    with pytest.raises(ValueError, match="no golden samples"):
        tfidf_logreg("multi_label", [], [])
