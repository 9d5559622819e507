"""Figures for pairs of texts: token F1, BLEU and ROUGE-L.

Token F1 compares texts as SQuAD does: case, punctuation and English articles do not count. BLEU is sacrebleu's, ROUGE-L
Lin's without stemming, by way of rapidfuzz; both libraries are imported only when asked for. All run from 0 to 1 but
BLEU, which runs from 0 to 100 as everywhere.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from common.text import Characters, nfkc

_WITHOUT_PUNCTUATION = Characters(lambda char: None if unicodedata.category(char).startswith("P") else char)
# ROUGE-L takes time with the square of the words, so it compares the first so many of each text.
ROUGE_WORDS = 4096
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def tokens(text: str) -> list[str]:
    """The words of a text as they are compared."""
    folded = nfkc(text).casefold()
    return _ARTICLES.sub(" ", folded.translate(_WITHOUT_PUNCTUATION)).split()


def token_f1(expected: str, got: str) -> float:
    """Harmonic mean of the shares of words found, with repetition; 1.0 where both have no words."""
    wanted, given = Counter(tokens(expected)), Counter(tokens(got))
    words = wanted.total() + given.total()
    return 2 * (wanted & given).total() / words if words else 1.0


def bleu(expected: Sequence[str], got: Sequence[str]) -> float:
    """Corpus BLEU, 0 to 100, one reference a text; 0.0 of none."""
    import sacrebleu

    if not expected:
        return 0.0  # which sacrebleu refuses
    return float(sacrebleu.corpus_bleu(list(got), [list(expected)]).score)


def rouge_l(expected: Sequence[str], got: Sequence[str]) -> float:
    """Mean ROUGE-L F-measure, 0 to 1, over the first `ROUGE_WORDS` of `tokens`; a text without words scores 0."""
    scores = [_rouge_l(tokens(wanted), tokens(given)) for wanted, given in zip(expected, got, strict=True)]
    return sum(scores) / len(scores) if scores else 0.0


def _rouge_l(wanted: list[str], given: list[str]) -> float:
    from rapidfuzz.distance import Indel

    # With a longest common subsequence of L words both are 2 L / (m + n).
    return Indel.normalized_similarity(wanted[:ROUGE_WORDS], given[:ROUGE_WORDS]) if wanted else 0.0
