"""Figures for free text: exact match, token F1, BLEU and ROUGE-L.

Token F1 compares texts as SQuAD does: case, punctuation and English articles do not count. BLEU is sacrebleu's, ROUGE-L
Lin's without stemming, by way of rapidfuzz; both libraries are imported only when asked for. All run from 0 to 1 but
BLEU, which runs from 0 to 100 as everywhere. A failed answer is an empty text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from common.text import Characters, nfkc
from labeling.answers import Status
from labeling.kinds import Answer

if TYPE_CHECKING:
    from evaluation.metrics import Scored

_WITHOUT_PUNCTUATION = Characters(lambda char: None if unicodedata.category(char).startswith("P") else char)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def tokens(text: str) -> list[str]:
    """The words of a text as they are compared."""
    folded = nfkc(text).casefold()
    return _ARTICLES.sub(" ", folded.translate(_WITHOUT_PUNCTUATION)).split()


def token_f1(expected: str, got: str) -> float:
    """Harmonic mean of the shares of words found, with repetition; 1.0 where both have no words."""
    wanted, given = Counter(tokens(expected)), Counter(tokens(got))
    if not wanted or not given:
        return float(wanted == given)
    return 2 * (wanted & given).total() / (wanted.total() + given.total())


def case_token_f1(case: "Scored") -> float:
    """Token F1 of one case, 0.0 where its answer failed."""
    return 0.0 if case.status == Status.FAILED else token_f1(_text(case.expected), _text(case.got))


def text_summary(cases: "Sequence[Scored]") -> dict[str, Any]:
    """Means over all cases: `exact_normalised`, `token_f1`, `bleu` (of the whole corpus) and `rouge_l`."""
    if not cases:
        return {"exact_normalised": 0.0, "token_f1": 0.0, "bleu": 0.0, "rouge_l": 0.0}
    expected = [_text(case.expected) for case in cases]
    got = [_text(None if case.status == Status.FAILED else case.got) for case in cases]
    same = [bool(given) and tokens(wanted) == tokens(given) for wanted, given in zip(expected, got, strict=True)]
    return {
        "exact_normalised": sum(same) / len(cases),
        "token_f1": sum(map(case_token_f1, cases)) / len(cases),
        "bleu": bleu(expected, got),
        "rouge_l": rouge_l(expected, got),
    }


def bleu(expected: Sequence[str], got: Sequence[str]) -> float:
    """Corpus BLEU, 0 to 100, one reference a text."""
    import sacrebleu

    return float(sacrebleu.corpus_bleu(list(got), [list(expected)]).score)


def rouge_l(expected: Sequence[str], got: Sequence[str]) -> float:
    """Mean ROUGE-L F-measure, 0 to 1, over words as `tokens` gives them; a text without words scores 0."""
    scores = [_rouge_l(tokens(wanted), tokens(given)) for wanted, given in zip(expected, got, strict=True)]
    return sum(scores) / len(scores) if scores else 0.0


def _rouge_l(wanted: list[str], given: list[str]) -> float:
    from rapidfuzz.distance import Indel

    # With a longest common subsequence of L words both are 2 L / (m + n).
    return Indel.normalized_similarity(wanted, given) if wanted and given else 0.0


def _text(answer: Answer | None) -> str:
    return "" if answer is None else str(answer["text"])
