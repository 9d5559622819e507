"""Figures for pairs of texts, the right answer first.

Over `evaluation.text_tokens`, for every language: token F1 (the judged one), exact match, ROUGE-L. By rules that others
wrote for English, under their names: SQuAD's F1 and exact match (its script for version 2.0, one right answer), and
ROUGE-L as the package rouge-score counts it, without stemming. BLEU and chrF are sacrebleu's.

ROUGE-L takes time with the square of the tokens, so it compares the first `ROUGE_TOKENS` of each text; everything else
reads the whole texts. All run from 0 to 1 but BLEU and chrF, which run from 0 to 100 as everywhere. Libraries are
imported only when asked for.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from evaluation.text_tokens import tokens

ROUGE_TOKENS = 4096
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def token_f1(expected: str, got: str) -> float:
    """Harmonic mean of the shares of tokens found, with repetition; 1.0 where both have none."""
    return _f1(tokens(expected), tokens(got))


def exact_tokens(expected: str, got: str) -> float:
    """1.0 where both have the same tokens in the same order, else 0.0."""
    return float(tokens(expected) == tokens(got))


def squad_f1(expected: str, got: str) -> float:
    """F1 as SQuAD's script has it: without case, ASCII punctuation (signs, too) and English articles."""
    return _f1(_squad_words(expected), _squad_words(got))


def squad_em(expected: str, got: str) -> float:
    """Exact match as SQuAD's script has it: 1.0 where the texts are equal in the same sense, else 0.0."""
    return float(_squad_words(expected) == _squad_words(got))


def rouge_l(expected: str, got: str) -> float:
    """F-measure of the longest common sequence of tokens; 0.0 where either has none."""
    return _rouge_l(tokens(expected), tokens(got))


def rouge_score_l(expected: str, got: str) -> float:
    """F-measure of `rougeL` in the package rouge-score: runs of a-z and 0-9 are the words, all else is a gap."""
    return _rouge_l(_PLAIN_WORD.findall(expected.lower()), _PLAIN_WORD.findall(got.lower()))


def bleu(expected: Sequence[str], got: Sequence[str], *, by_words: bool = True) -> tuple[float, str]:
    """Corpus BLEU, one reference a text, with sacrebleu's signature: over its words (13a), else over characters."""
    from sacrebleu.metrics.bleu import BLEU

    return _of_corpus(BLEU(tokenize="13a" if by_words else "char"), expected, got)


def chrf(expected: Sequence[str], got: Sequence[str]) -> tuple[float, str]:
    """Corpus chrF2 (n-grams of 1 to 6 characters, no words), one reference a text, with sacrebleu's signature."""
    from sacrebleu.metrics.chrf import CHRF

    return _of_corpus(CHRF(), expected, got)


def _of_corpus(metric: Any, expected: Sequence[str], got: Sequence[str]) -> tuple[float, str]:
    if not expected:
        return 0.0, ""  # which sacrebleu refuses
    score = metric.corpus_score(list(got), [list(expected)]).score
    return float(score), str(metric.get_signature())


def _f1(wanted: Sequence[str], given: Sequence[str]) -> float:
    words = len(wanted) + len(given)
    return 2 * (Counter(wanted) & Counter(given)).total() / words if words else 1.0


def _squad_words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def _rouge_l(wanted: Sequence[str], given: Sequence[str]) -> float:
    from rapidfuzz.distance import Indel

    # With a longest common subsequence of L tokens both are 2 L / (m + n).
    return Indel.normalized_similarity(wanted[:ROUGE_TOKENS], given[:ROUGE_TOKENS]) if wanted else 0.0
