"""Free text: token F1, with figures of the field beside it. A failed answer is an empty text.

Which ones stand beside it follows the language of the right answers, never that of the model's: SQuAD's and
rouge-score's rules were written for English and are used where the answers are in the letters A to Z; BLEU counts
characters where most tokens are single characters. Every definition has a name of its own in the record: what a
benchmark of before has under `token_f1` and `rouge_l` is shown as what it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation import text_metrics as of_texts
from evaluation.scorers.base import Scored, Scorer, ratio
from evaluation.text_tokens import Writing, writing_of
from labeling.kinds import Answer

_WORDS = f"over the first {of_texts.ROUGE_TOKENS:,} of each text, mean over cases"
_OLD = "Judged by English rules for every text, as they were before version 2 of token F1."


class TextScorer(Scorer):
    """The mean of the cases' token F1."""

    main = "token_f1_v2"
    title = "token F1 v2"
    columns = (
        ("token_f1_v2", "Token F1 v2", "Words, numbers and symbols in common; letters in scripts without spaces"),
    )
    sometimes = (
        ("squad_f1", "SQuAD F1", "By SQuAD's script, for English: case, punctuation, signs and articles do not count"),
        ("squad_em", "SQuAD EM", "Exact match by SQuAD's script, for English"),
        ("exact_tokens", "Exact tokens", "The same words, numbers and symbols in the same order"),
        ("rouge_score_l", "rougeL", f"ROUGE-L as rouge-score counts it, for English, without stemming, {_WORDS}"),
        ("rouge_l_v2", "ROUGE-L v2", f"Longest common sequence of tokens, {_WORDS}"),
        ("bleu", "BLEU", "Of the whole set, 0 to 100: sacrebleu, words by its tokenizer 13a"),
        ("bleu_char", "BLEU by characters", "Of the whole set, 0 to 100: sacrebleu, single characters"),
        ("chrf", "chrF", "Character n-grams of the whole set, 0 to 100: sacrebleu"),
        ("token_f1", "Token F1 (old)", "By English rules for every text, without signs and articles"),
        ("rouge_l", "ROUGE-L (old)", "By English rules for every text, without signs and articles"),
    )

    def case_scores(self, case: Scored) -> dict[str, float]:
        """Token F1, 0.0 where the answer failed."""
        read = case.read is not None
        return {self.main: of_texts.token_f1(_text(case.expected), _text(case.read)) if read else 0.0}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        """Over all cases: `token_f1_v2`, `chrf`, and those that fit how the right answers are written (`writing`).

        `signatures` says how sacrebleu counted.
        """
        expected, got = [_text(case.expected) for case in cases], [_text(case.read) for case in cases]
        writing = writing_of(expected)
        bleu = "bleu" if writing.by_words else "bleu_char"
        scores = {
            bleu: of_texts.bleu(expected, got, by_words=writing.by_words),
            "chrf": of_texts.chrf(expected, got),
        }
        return {
            self.main: self.main_value(cases),
            **_fitting(writing, cases),
            **{name: score for name, (score, _) in scores.items()},
            "signatures": {name: signature for name, (_, signature) in scores.items()},
            "writing": {"script": writing.script, "by_words": writing.by_words, "is_plain": writing.is_plain},
        }

    def parts(self, case: Scored) -> list[float]:
        """Token F1."""
        return [self.case_scores(case)[self.main]]

    def told(self, metrics: Mapping[str, Any]) -> str:
        """By what the texts were judged."""
        if "writing" not in metrics:
            return _OLD if metrics.get("main_metric") == "token_f1" else ""
        writing = Writing(**metrics["writing"])
        if not writing.script:
            return "Judged by words, numbers and symbols; the right answers have no letters."
        if not writing.by_words:
            return f"Judged by characters, as the right answers are written in {writing.script}."
        if not writing.is_plain:
            return f"Judged by words, as the right answers are written in {writing.script} letters."
        return (
            "Judged by words, with numbers, signs and articles, as the right answers are written in the letters A to "
            "Z; SQuAD's and rouge-score's figures go by their own rules for English."
        )


def _fitting(writing: Writing, cases: Sequence[Scored]) -> dict[str, float]:
    """Means over cases, to which one that failed adds nothing, even where no word was expected."""
    named = {"squad_f1": of_texts.squad_f1, "squad_em": of_texts.squad_em, "rouge_score_l": of_texts.rouge_score_l}
    if not writing.is_plain:
        named = {"exact_tokens": of_texts.exact_tokens, "rouge_l_v2": of_texts.rouge_l}
    pairs = [(_text(case.expected), _text(case.read)) for case in cases if case.read is not None]
    return {name: ratio(sum(figure(*pair) for pair in pairs), len(cases)) for name, figure in named.items()}


def _text(answer: Answer | None) -> str:
    return "" if answer is None else str(answer["text"])
