"""Free text: token F1, with BLEU and ROUGE-L beside it. A failed answer is an empty text."""

from collections.abc import Sequence
from typing import Any

from evaluation.scorers.base import Scored, Scorer, ratio
from evaluation.text_metrics import bleu, rouge_l, token_f1, tokens
from labeling.kinds import Answer


class TextScorer(Scorer):
    """The mean of the cases' token F1."""

    main = "token_f1"
    title = "token F1"
    columns = (
        ("token_f1", "Token F1", "Words in common, mean over cases"),
        ("bleu", "BLEU", "Of the whole set, 0 to 100"),
        ("rouge_l", "ROUGE-L", "Longest common sequence, mean over cases"),
    )

    def case_scores(self, case: Scored) -> dict[str, float]:
        """Token F1, 0.0 where the answer failed."""
        read = case.read is not None
        return {"token_f1": token_f1(_text(case.expected), _text(case.read)) if read else 0.0}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        """Means over all cases: `exact_normalised`, `token_f1`, `bleu` (of the whole corpus) and `rouge_l`."""
        expected, got = [_text(case.expected) for case in cases], [_text(case.read) for case in cases]
        same = [bool(given) and tokens(wanted) == tokens(given) for wanted, given in zip(expected, got, strict=True)]
        return {
            "exact_normalised": ratio(sum(same), len(cases)),
            "token_f1": self.main_value(cases),
            "bleu": bleu(expected, got),
            "rouge_l": rouge_l(expected, got),
        }

    def parts(self, case: Scored) -> list[float]:
        """Token F1."""
        return [self.case_scores(case)["token_f1"]]


def _text(answer: Answer | None) -> str:
    return "" if answer is None else str(answer["text"])
