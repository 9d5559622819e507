"""The simple methods that every figure is held against."""

import zlib
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.metrics import summary
from evaluation.scorers import SCORERS, Scored, Task
from evaluation.scorers.labels import LabelScorer
from evaluation.scorers.multi_label import MultiLabelScorer
from evaluation.scorers.single_label import SingleLabelScorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.pure

MULTI, SINGLE = MultiLabelScorer(), SingleLabelScorer()
TAUGHT = ("nearest", "tfidf_logreg", "nearest_encoder", "head")


def vectors(texts: Sequence[str]) -> "NDArray[np.float32]":
    """In place of an encoder: random numbers by word, the sum of a text's words at length one."""
    sums = [sum(np.random.default_rng(zlib.crc32(w.encode())).normal(size=48) for w in ("", *t.split())) for t in texts]
    rows = np.array(sums, dtype=np.float32).reshape(len(texts), 48)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


TASK, ONE = Task(vectors=vectors), Task(limit=1, vectors=vectors)
SETS = st.lists(st.sets(st.sampled_from("abcd")).map(lambda names: {"labels": sorted(names)}), min_size=1, max_size=9)


@settings(deadline=None)
@given(SETS)
def test_no_other_set_of_labels_fits_better_than_the_constant(answers: list[dict[str, list[str]]]) -> None:
    def score(labels: tuple[str, ...]) -> float:
        return MULTI.micro([Scored(answer, {"labels": list(labels)}) for answer in answers]).f1

    best = max(score(labels) for size in range(5) for labels in combinations("abcd", size))
    assert score(tuple(MULTI.constant_answer(answers)["labels"])) == pytest.approx(best)


def test_the_constant_of_other_kinds_is_the_most_frequent() -> None:
    assert SINGLE.constant_answer([{"label": x} for x in "bab"]) == {"label": "b"}
    assert SCORERS["text"].constant_answer([{"text": "y"}, {"text": "x"}]) == {"text": "x"}
    assert MULTI.constant_answer([{"labels": ["a", "b"]}] * 3, limit=1) == {"labels": ["a"]}
    several_keys = [{"a": 0, "b": 0}, {"a": 0, "b": 1}, {"b": 1, "a": 0}]
    assert SCORERS["text"].constant_answer(several_keys) == {"a": 0, "b": 1}, "the order of keys makes no other answer"
    for scorer in SCORERS.values():
        with pytest.raises(ValueError, match="no golden answers"):
            scorer.constant_answer([])


def test_the_constant_answers_every_case_with_no_more_labels_than_are_allowed() -> None:
    both = {"labels": ["a", "b"]}
    train, test = [("!", both)] * 3, [("y", both), ("z", {"labels": ["c"]})]
    one = {"labels": ["a"]}
    assert MULTI.constant(train, test, ONE) == [Scored(both, one), Scored({"labels": ["c"]}, one)]
    assert MULTI.tfidf_logreg(train, test, ONE) == MULTI.constant(train, test, ONE), "no words to learn from"


WORDS = {"money": "refund please give money back", "parcel": "where is my parcel", "login": "cannot log in password"}


def examples(copies: int) -> list[tuple[str, dict[str, list[str]]]]:
    pairs = [((one,), WORDS[one]) for one in WORDS]
    pairs += [((one, two), f"{WORDS[one]} and {WORDS[two]}") for one, two in combinations(WORDS, 2)]
    return [(f"{text} {i}", {"labels": list(labels)}) for i in range(copies) for labels, text in pairs]


@pytest.mark.parametrize("name", TAUGHT)
def test_what_words_tell_is_learnt_and_beats_the_constant(name: str) -> None:
    train, test = examples(6), examples(1)
    learned, fixed = MULTI.baselines[name].run(train, test, TASK), MULTI.constant(train, test)
    assert summary(MULTI, learned)["f1_micro"] > 0.95 > summary(MULTI, fixed)["f1_micro"]
    assert [case.expected for case in learned] == [answer for _, answer in test]
    assert all(len(case.got["labels"]) <= 1 for case in MULTI.baselines[name].run(train, test, ONE) if case.got)


@pytest.mark.parametrize("method", TAUGHT)
def test_one_label_is_learnt_from_words(method: str) -> None:
    train = [(WORDS[name], {"label": name}) for name in WORDS for _ in range(3)]
    assert all(case.got == case.expected for case in SINGLE.baselines[method].run(train, train, TASK))


DESCRIBED = {"app_bug": "the website does not work", "praise": "thanks and compliments", "other": ""}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Your WEBSITE is down, it does not load.", ["app_bug"]),
        ("Thanks! The app works again.", ["app_bug", "praise"]),
        ("Such an odd other thing", ["other"]),
        ("Hm.", []),
    ],
)
def test_the_labels_that_share_the_most_words_are_given_untaught(text: str, labels: list[str]) -> None:
    [case] = MULTI.word_overlap([], [(text, {"labels": labels})], Task(described=DESCRIBED))
    assert case.got is not None
    assert sorted(case.got["labels"]) == labels


def test_overlap_gives_one_label_where_one_is_asked_for_and_no_more_than_are_allowed() -> None:
    [one] = SINGLE.word_overlap([], [("Thanks a lot", {"label": "praise"})], Task(described=DESCRIBED))
    assert one.got == {"label": "praise"}
    [few] = MULTI.word_overlap([], [("thanks, app", {"labels": []})], Task(limit=1, described=DESCRIBED))
    assert few.got == {"labels": ["app_bug"]}
    train = [("x", {"labels": ["refund"]})]
    assert MULTI.word_overlap(train, [("a refund", {})], Task())[0].got == {"labels": ["refund"]}, "names alone"


def test_what_is_said_of_a_label_is_a_row_of_it() -> None:
    train = [("alpha beta", {"label": "a"}), ("gamma delta", {"label": "b"})]
    described = {"a": "invoice charge", "b": "parcel late"}
    for text, label in (("an invoice", "a"), ("parcel", "b")):
        for method in (SINGLE.tfidf_logreg, SINGLE.head):
            [case] = method(train, [(text, {"label": label})], Task(described=described, vectors=vectors))
            assert case.got == case.expected


def test_a_label_without_examples_is_known_by_its_description_to_the_head_alone() -> None:
    task = Task(described={"c": "invoice charge"}, vectors=vectors)
    train = [("alpha beta", {"label": "a"}), ("gamma delta", {"label": "b"})] * 3
    [case] = SINGLE.head(train, [("my invoice charge", {"label": "c"})], task)
    assert case.got == case.expected


@pytest.mark.parametrize(
    ("scorer", "train", "got"),
    [
        (SINGLE, [("x", {"label": "a"})], {"label": "a"}),
        (MULTI, [("x", {"labels": ["a"]}), ("y", {"labels": ["a"]})], {"labels": ["a"]}),
        (MULTI, [("x", {"labels": []})], {"labels": []}),
        (
            MULTI,
            [("!!", {"labels": ["a"]}), ("?", {"labels": ["a"]}), (".", {"labels": ["b"]})],
            {"labels": ["a"]},
        ),
    ],
)
def test_training_rows_that_teach_nothing_give_the_constant(scorer: LabelScorer, train: list, got: dict) -> None:
    for method in TAUGHT:
        if method in ("nearest", "tfidf_logreg") or len(train) < 3:
            assert scorer.baselines[method].run(train, [("z", got)], TASK) == [Scored(got, got)]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=5), SETS.map(lambda s: s[0])), min_size=1, max_size=15))
def test_no_training_rows_crash_it(train: list) -> None:
    for method in MULTI.baselines.values():
        assert len(method.run(train, train, TASK)) == len(train)
        assert method.run(train, [], TASK) == []


def test_what_cannot_be_learned_is_refused() -> None:
    assert list(SCORERS["text"].baselines) == ["constant"]
    for method in TAUGHT:
        with pytest.raises(ValueError, match="no golden samples"):
            MULTI.baselines[method].run([], [], TASK)
    for method in ("nearest_encoder", "head"):
        with pytest.raises(ValueError, match="needs a sentence encoder"):
            MULTI.baselines[method].run([], [], Task())
