"""Figures for free text, on known pairs."""

import time

import pytest

from evaluation.metrics import summary
from evaluation.scorers import Scored
from evaluation.scorers.text import TextScorer
from evaluation.text_metrics import ROUGE_WORDS, bleu, rouge_l, token_f1

SCORER = TextScorer()

pytestmark = pytest.mark.pure


def text(expected: str, got: str | None, status: str = "strict") -> Scored:
    return Scored({"text": expected}, None if got is None else {"text": got}, status)


@pytest.mark.parametrize(
    ("expected", "got", "score"),
    [
        ("The cat sat.", "cat sat", 1.0),
        ("a b c d", "b c x", 2 * 2 / (3 + 3)),
        ("yes yes", "yes", 2 / 3),
        ("Don't", "dont", 1.0),
        ("x", "y", 0.0),
        ("the", "a", 1.0),
        ("x", "", 0.0),
        ("Привет мир", "привет, мир!", 1.0),
    ],
)
def test_token_f1_is_squads(expected: str, got: str, score: float) -> None:
    assert token_f1(expected, got) == pytest.approx(score)


def test_bleu_and_rouge_know_equal_and_unlike_texts() -> None:
    same = ["the quick brown fox jumps over it", "привет мир как твои дела"]
    assert (bleu(same, same), rouge_l(same, same)) == (pytest.approx(100), pytest.approx(1))
    assert (bleu(same, ["no", "да"]), rouge_l(same, ["no", "да"])) == (0, 0)
    assert (bleu([], []), rouge_l([], [])) == (0, 0)
    assert rouge_l(["b c d e"], ["b x d"]) == pytest.approx(2 * 2 / (4 + 3))


def test_rouge_compares_the_first_words_of_very_long_texts() -> None:
    words = " ".join(f"w{number}" for number in range(ROUGE_WORDS))
    assert rouge_l([f"{words} one"], [f"{words} two"]) == 1.0
    assert rouge_l(["one"], [f"{words} one"]) == 0.0


@pytest.mark.parametrize(
    ("expected", "got", "score"),
    [
        ("police killed gunman", "gunman killed police", 2 * 1 / (3 + 3)),
        ("x y x y x", "y y", 2 * 2 / (5 + 2)),
        ("Счёт, оплачен вчера!", "вчера счёт оплачен", 2 * 2 / (3 + 3)),
        ("word", "", 0.0),
        ("", "", 0.0),
        ("?", "!", 0.0),
    ],
)
def test_rouge_l_is_the_f_measure_of_the_longest_common_sequence(expected: str, got: str, score: float) -> None:
    assert rouge_l([expected], [got]) == pytest.approx(score)


def test_rouge_l_of_long_texts_is_quick() -> None:
    first, second = (" ".join(f"w{number % turn}" for number in range(10_000)) for turn in (977, 1013))
    begin = time.process_time()
    assert 0 < rouge_l([first], [second]) < 1
    assert time.process_time() - begin < 2


def test_a_failed_answer_is_an_empty_text() -> None:
    cases = [text("the end", "End"), text("x y", "x y"), text("x", None, "failed"), text("!", None, "failed")]
    figures = SCORER.figures(cases)
    assert (figures["exact_normalised"], figures["token_f1"]) == (0.5, 0.5)
    whole = summary(SCORER, cases)
    assert (whole["exact"], whole["main"], whole["main_metric"]) == (0.25, 0.5, "token_f1")
    assert SCORER.case_scores(cases[3]) == {"token_f1": 0.0}, "though both have no words"


def test_a_text_is_exact_letter_by_letter_and_close_word_by_word() -> None:
    cases = [text("Dear Ana", "Dear Ana"), text("Dear Ana", "dear, ANA!"), text("Dear Ana", "Dear Bob")]
    assert [SCORER.is_exact(case) for case in cases] == [True, False, False]
    figures = SCORER.figures(cases)
    assert (figures["exact_normalised"], figures["token_f1"]) == (pytest.approx(2 / 3), pytest.approx(2.5 / 3))
    assert figures["rouge_l"] == pytest.approx(2.5 / 3)
    assert 0 < figures["bleu"] < 100


def test_no_cases_have_figures_of_zero() -> None:
    assert SCORER.figures([]) == {"exact_normalised": 0.0, "token_f1": 0.0, "bleu": 0.0, "rouge_l": 0.0}
    assert SCORER.main_value([]) == 0.0
