"""The engine's figure of answers: that of the scorers where they judge the same, and something sensible elsewhere."""

import json
import random

import pytest

from evaluation.scorers import SCORERS
from evaluation.scorers.base import Scored
from training.engine.figure import figure_of

pytestmark = pytest.mark.pure

NAMES = ["billing", "refund", "zürich", "a b"]


def written(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False)


def labels(chance: random.Random) -> dict[str, list[str]]:
    return {"labels": chance.sample(NAMES, chance.choice([0, 1, 1, 2, 3]))}


def one_label(chance: random.Random) -> dict[str, str]:
    return {"label": chance.choice(NAMES)}


@pytest.mark.parametrize(("kind", "answer"), [("multi_label", labels), ("single_label", one_label)])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_scorers_own(kind: str, answer: object, seed: int) -> None:
    chance = random.Random(seed)
    golden = [answer(chance) for _ in range(30)]
    given = [chance.choice([right, answer(chance), None]) for right in golden]
    cases = [
        Scored(right, found, "failed" if found is None else "strict")
        for right, found in zip(golden, given, strict=True)
    ]
    texts = ["{no answer" if found is None else written(found) for found in given]
    assert figure_of(list(map(written, golden)), texts) == pytest.approx(SCORERS[kind].main_value(cases), abs=1e-12)


def test_several_labels_are_no_single_ones_where_each_row_has_one() -> None:
    golden = [written({"labels": [name]}) for name in ("billing", "refund")]
    given = [written({"labels": ["billing"]}), written({"labels": ["billing", "refund"]})]
    cases = [Scored(json.loads(right), json.loads(found)) for right, found in zip(golden, given, strict=True)]
    assert figure_of(golden, given) == SCORERS["multi_label"].main_value(cases) == 0.8


def test_parts_of_an_object_count_by_their_place() -> None:
    golden = [written({"order": {"number": 7, "paid": True}, "items": ["tent", "pole"]})]
    assert figure_of(golden, golden) == 1
    assert figure_of(golden, [written({"items": ["pole", "tent"], "order": {"paid": True, "number": 7}})]) == 1
    assert figure_of(golden, [written({"order": {"number": 7, "paid": 1}, "items": ["tent"]})]) == pytest.approx(4 / 7)
    assert figure_of(golden, [written(["tent", "pole"])]) == 0


@pytest.mark.parametrize("answer", ["", "tent", "{", "[" * 100_000, "NaN", '{"a": Infinity}', "1" * 10_000])
def test_what_cannot_be_read_is_an_empty_answer(answer: str) -> None:
    assert figure_of(
        [written({"labels": ["a"]}), written({"labels": ["b"]})], [answer, written({"labels": ["b"]})]
    ) in (
        pytest.approx(2 / 3),
        pytest.approx(1 / 2),
    )


def test_texts_are_compared_by_their_words() -> None:
    golden = ["Send it back to us", "We are sorry"]
    assert figure_of(golden, golden) == 1
    assert figure_of(golden, ["send IT", "no"]) == pytest.approx((4 / 7 + 0) / 2)
    assert figure_of(["word " * 50_000], ["word " * 60_000]) == 1
    assert figure_of([], []) == 0


def test_numbers_alone_are_right_or_wrong() -> None:
    assert figure_of(["42", "7"], ["42", "7.5"]) == 0.5
