"""Free text is judged by token F1 v2; what stands beside it follows the language of the right answers, and is said."""

import pytest

from evaluation.metrics import summary
from evaluation.scorers import Scored
from evaluation.scorers.text import TextScorer

SCORER = TextScorer()
ENGLISH = {"token_f1_v2", "squad_f1", "squad_em", "rouge_score_l", "bleu", "chrf"}
WORDS = {"token_f1_v2", "exact_tokens", "rouge_l_v2", "bleu", "chrf"}
CHARACTERS = {"token_f1_v2", "exact_tokens", "rouge_l_v2", "bleu_char", "chrf"}

pytestmark = pytest.mark.pure


def text(expected: str, got: str | None, status: str = "strict") -> Scored:
    return Scored({"text": expected}, None if got is None else {"text": got}, status)


def figures_of(*cases: Scored) -> dict[str, float]:
    found = SCORER.figures(cases)
    return {name: found[name] for name in found if name not in ("signatures", "writing")}


@pytest.mark.parametrize(
    ("expected", "names", "told"),
    [
        ("Dear Ana", ENGLISH, "Judged by words, with numbers, signs and articles"),
        ("Прошу счёт", WORDS, "Judged by words, as the right answers are written in Cyrillic letters."),
        ("Übergrößen", WORDS, "Judged by words, as the right answers are written in Latin letters."),
        ("我喜欢苹果", CHARACTERS, "Judged by characters, as the right answers are written in Chinese."),
        ("ラーメン", CHARACTERS, "Judged by characters, as the right answers are written in Japanese."),
        ("ราคา", CHARACTERS, "Judged by characters, as the right answers are written in Thai."),
    ],
)
def test_the_figures_follow_the_right_answers_alone(expected: str, names: set[str], told: str) -> None:
    for got in (expected, "Something in English", "我喜欢", None):
        figures = SCORER.figures([text(expected, got, "strict" if got else "failed")])
        assert figures.keys() == names | {"signatures", "writing"}
        assert SCORER.told(figures).startswith(told)
    assert names <= {name for name, _, _ in (*SCORER.columns, *SCORER.sometimes)}


def test_the_record_says_how_sacrebleu_counted() -> None:
    words, characters = (SCORER.figures([text(each, each)])["signatures"] for each in ("Dear Ana", "我喜欢苹果"))
    assert words.keys() == {"bleu", "chrf"}
    assert characters.keys() == {"bleu_char", "chrf"}
    assert "tok:13a" in words["bleu"]
    assert "tok:char" in characters["bleu_char"]


def test_figures_of_english_by_hand() -> None:
    cases = [text("Dear Ana", "Dear Ana"), text("Dear Ana", "dear, ANA!"), text("It is -5 now", "It is 5 now")]
    found = figures_of(*cases)
    assert found["token_f1_v2"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert (found["squad_f1"], found["squad_em"], found["rouge_score_l"]) == (1, 1, 1)
    assert 0 < found["bleu"] < 100
    assert 0 < found["chrf"] < 100
    assert [SCORER.is_exact(case) for case in cases] == [True, False, False]


def test_figures_of_chinese_by_hand() -> None:
    found = figures_of(text("我喜欢吃苹果", "我喜欢吃香蕉"), text("好", "好。"))
    assert [found["token_f1_v2"], found["rouge_l_v2"]] == [pytest.approx((4 / 6 + 1) / 2)] * 2
    assert found["exact_tokens"] == 0.5
    assert found["bleu_char"] > 20


def test_a_failed_answer_is_an_empty_text() -> None:
    cases = [text("the end", "End"), text("x y", "x y"), text("x", None, "failed"), text("!", "!", "failed")]
    whole = summary(SCORER, cases)
    assert (whole["exact"], whole["main_metric"]) == (0.25, "token_f1_v2")
    assert whole["main"] == whole["token_f1_v2"] == pytest.approx((2 / 3 + 1) / 4)
    assert whole["squad_em"] == 0.5
    assert SCORER.case_scores(cases[3]) == {"token_f1_v2": 0.0}
    assert [SCORER.parts(case) for case in cases] == [[pytest.approx(2 / 3)], [1], [0], [0]]


def test_no_cases_have_figures_of_zero() -> None:
    assert set(figures_of().values()) == {0.0}
    assert SCORER.main_value([]) == 0.0


def test_what_was_judged_before_is_told_as_what_it_was() -> None:
    assert "English rules for every text" in SCORER.told({"main_metric": "token_f1", "token_f1": 0.5})
    assert SCORER.told({}) == ""
    titles = {name: title for name, title, _ in SCORER.sometimes}
    assert (titles["token_f1"], titles["rouge_l"]) == ("Token F1 (old)", "ROUGE-L (old)")
