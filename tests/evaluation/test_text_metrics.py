"""Figures for free text, on known pairs: F17, and what the field's own programs say of them."""

import json
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation import text_metrics
from evaluation.text_metrics import (
    ROUGE_TOKENS,
    bleu,
    chrf,
    exact_tokens,
    rouge_l,
    rouge_score_l,
    squad_em,
    squad_f1,
    token_f1,
)

pytestmark = pytest.mark.pure

# Made by `.ci/text_references.py` with SQuAD's own script and rouge-score 0.1.2: expected, got, F1, EM, rougeL.
REFERENCES = json.loads(Path(__file__).with_name("text_references.json").read_text(encoding="utf-8"))
WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "-5", "5"]), max_size=12)


@pytest.mark.parametrize(
    ("expected", "got", "score"),
    [
        ("-5", "5", 0),
        ("3.14", "314", 0),
        ("C#", "C", 0),
        ("!!!", "???", 0),
        ("a la casa", "la casa", 4 / 5),
        ("5%", "5", 2 / 3),
        ("x", "", 0),
        ("", "", 1),
        ("yes yes", "yes", 2 / 3),
        ("The cat sat.", "the CAT sat", 1),
        ("The cat sat.", "cat sat", 4 / 5),
        ("a b c d", "b c x", 2 * 2 / (4 + 3)),
        ("Привет мир", "привет, мир!", 1),
        ("我喜欢吃苹果", "我喜欢吃香蕉", 4 / 6),
        ("東京に行く", "東京へ行く", 4 / 5),
        ("ราคา 5 บาท", "ราคา 6 บาท", 7 / 8),
    ],
)
def test_token_f1_keeps_numbers_signs_and_every_language(expected: str, got: str, score: float) -> None:
    assert token_f1(expected, got) == pytest.approx(score)
    assert token_f1(got, expected) == token_f1(expected, got)


def test_exact_tokens_are_the_same_in_the_same_order() -> None:
    assert exact_tokens("Dear Ana,", "dear ana") == 1.0
    assert [exact_tokens("-5 a", got) for got in ("5 a", "a -5", "-5", "")] == [0.0] * 4


@pytest.mark.parametrize(("expected", "got", "f1", "em", "rouge"), REFERENCES)
def test_the_fields_own_programs_say_the_same(expected: str, got: str, f1: float, em: float, rouge: float) -> None:
    assert squad_f1(expected, got) == pytest.approx(f1)
    assert squad_em(expected, got) == em
    assert rouge_score_l(expected, got) == pytest.approx(rouge)


def test_squads_published_examples_have_their_published_means() -> None:
    """Those of the metric's card: two of three answers are right, 66.67 for both figures."""
    pairs = [("1976", "1976"), ("Beyoncé and Bruno Mars", "Beyonce"), ("climate change", "climate change")]
    for figure in (squad_em, squad_f1):
        assert [figure(*pair) for pair in pairs] == [1, 0, 1]


def longest(one: list[str], two: list[str]) -> int:
    """The longest common subsequence, as the textbook has it."""

    @cache
    def from_(i: int, j: int) -> int:
        if i == len(one) or j == len(two):
            return 0
        return 1 + from_(i + 1, j + 1) if one[i] == two[j] else max(from_(i + 1, j), from_(i, j + 1))

    return from_(0, 0)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_rouge_l_is_the_f_measure_of_the_longest_common_sequence(one: list[str], two: list[str]) -> None:
    shared = longest(one, two)
    score = 2 * shared / (len(one) + len(two)) if shared else 0.0
    assert rouge_l(" ".join(one), " ".join(two)) == pytest.approx(score)
    plain = [[word.strip("-") for word in words] for words in (one, two)]
    shared = longest(*plain)
    score = 2 * shared / (len(one) + len(two)) if shared else 0.0
    assert rouge_score_l(" ".join(one), " ".join(two)) == pytest.approx(score)


@pytest.mark.parametrize(
    ("expected", "got", "score"),
    [
        ("Счёт, оплачен вчера!", "вчера счёт оплачен", 2 * 2 / (3 + 3)),
        ("我喜欢吃苹果", "我喜欢吃香蕉", 4 / 6),
        ("-5", "5", 0),
        ("word", "", 0),
        ("", "word", 0),
        ("", "", 0),
        ("?", "!", 0),
        ("the", "the", 1),
    ],
)
def test_rouge_l_counts_the_same_tokens(expected: str, got: str, score: float) -> None:
    assert rouge_l(expected, got) == pytest.approx(score)


@pytest.mark.parametrize("figure", [rouge_l, rouge_score_l])
def test_rouge_compares_the_first_tokens_of_very_long_texts(figure: object) -> None:
    assert ROUGE_TOKENS == 4096
    words = " ".join(f"w{number}" for number in range(ROUGE_TOKENS))
    assert figure(f"{words} one", f"{words} two") == 1.0
    assert figure("one", f"{words} one") == figure(f"{words} one", "one") == 0.0
    assert figure(f"w{ROUGE_TOKENS - 1}", words) == pytest.approx(2 / (ROUGE_TOKENS + 1))


def test_rouge_l_of_long_texts_is_quick() -> None:
    first, second = (" ".join(f"w{number % turn}" for number in range(10_000)) for turn in (977, 1013))
    begin = time.process_time()
    assert 0 < rouge_l(first, second) < 1
    assert time.process_time() - begin < 2


TEXTS = ["the quick brown fox jumps over it", "Dear Ana, the refund of 20 EUR was sent.", "It wasn't so."]
GIVEN = ["the quick brown dog jumps over it", "Dear Ana, a refund of 20 EUR is on its way.", "It was."]
CHINESE = ["我喜欢吃苹果和香蕉", "今天天气很好"], ["我喜欢吃梨和香蕉", "今天天气不好"]


def test_bleu_and_chrf_are_sacrebleus() -> None:
    import sacrebleu

    assert bleu(TEXTS, GIVEN)[0] == sacrebleu.corpus_bleu(GIVEN, [TEXTS]).score
    assert chrf(TEXTS, GIVEN)[0] == sacrebleu.corpus_chrf(GIVEN, [TEXTS]).score
    assert 0 < bleu(TEXTS, GIVEN)[0] < chrf(TEXTS, GIVEN)[0] < 100
    assert [figure(TEXTS, TEXTS)[0] for figure in (bleu, chrf)] == [pytest.approx(100)] * 2
    assert [figure(["abc"], ["xyz"])[0] for figure in (bleu, chrf)] == [0, 0]
    assert [figure(["abc"], [""])[0] for figure in (bleu, chrf)] == [0, 0]


def test_bleu_by_characters_is_that_of_texts_with_a_space_after_each() -> None:
    import sacrebleu

    right, given_ = CHINESE
    apart = [" ".join(text) for text in right], [" ".join(text) for text in given_]
    score, signature = bleu(right, given_, by_words=False)
    assert score == sacrebleu.corpus_bleu(apart[1], [apart[0]], tokenize="none", force=True).score
    assert score > 10 * bleu(right, given_)[0]
    assert "tok:char" in signature
    assert "nrefs:1" in signature


def test_the_signatures_say_how_it_was_counted() -> None:
    assert bleu(TEXTS, GIVEN)[1].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert chrf(TEXTS, GIVEN)[1].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=3))
def test_any_texts_have_figures_within_their_bounds(pairs: list[tuple[str, str]]) -> None:
    right, given_ = [one for one, _ in pairs], [two for _, two in pairs]
    for name in ("token_f1", "exact_tokens", "squad_f1", "squad_em", "rouge_l", "rouge_score_l"):
        figure = getattr(text_metrics, name)
        assert all(0 <= figure(*pair) <= 1 for pair in pairs)
        assert all(figure(text, text) == 1 for text in right if text.isascii() and text.isalnum() and text not in "an")
    for of_set in (bleu, chrf):
        assert 0 <= of_set(right, given_)[0] <= 100.000001


def test_no_texts_have_figures_of_zero() -> None:
    assert [bleu([], []), chrf([], [])] == [(0.0, "")] * 2
