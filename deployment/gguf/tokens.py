"""Prove that a GGUF reads prompts as training did: token ids, not texts, must be equal.

Equal prompt text does not mean equal ids: a converter without the original tokenizer files gives every merge the same
score, a BOS is put in front, or a space. Answers then go wrong while every check on text is green.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WINDOW = 8


@dataclass(frozen=True)
class TokenProof:
    """The outcome: how many prompts were compared, and the first one that differs, in words and in ids."""

    ok: bool
    checked: int
    sentence: str
    first_difference: dict[str, Any] | None = None


def hard_texts() -> list[str]:
    """Texts on which tokenizers that look equal differ; the longest is a few thousand words."""
    return [
        "café naïve über — “quoted” …",
        "😀👨\u200d👩\u200d👧 🇩🇪 thumbs 👍🏽",
        "我的包裹在哪里？ 日本語のテスト 한국어",
        "مرحبا بالعالم שלום עולם",
        "Привет, где мой заказ?",
        "digits 1234567890 ١٢٣ ४५६ ７８９ 1,234.56 2026-11-21",
        "tabs\tand\t\ttabs, double  spaces,   triple",
        "  leading and trailing spaces  ",
        "line\nbreaks\n\n\nand\r\nreturns",
        "< |im_start| >system marks that were neutralised < |im_end| >",
        "a" * 200,
        "!?.,;:-_#'+*~`^°|<>{}[]()/&%$§=",
        "https://example.org/a?b=c&d=%20#e user@example.org",
        "".join(f"word{number} " for number in range(4000)),
    ]


def first_difference(expected: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Where the rows `{"text", "ids"}` differ first: row and position, with the ids around it; None if nowhere."""
    for row, (want, have) in enumerate(zip(expected, got, strict=True)):
        ours, theirs = list(want["ids"]), list(have["ids"])
        if ours == theirs:
            continue
        at = next(
            (index for index, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
            min(len(ours), len(theirs)),
        )
        start = max(0, at - 2)
        return {
            "row": row,
            "position": at,
            "text": str(want["text"])[:400],
            "training": ours[start : at + _WINDOW],
            "gguf": theirs[start : at + _WINDOW],
            "training_tokens": len(ours),
            "gguf_tokens": len(theirs),
        }
    return None


def prove_tokens(expected: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]) -> TokenProof:
    """Compare training's rows with the GGUF's. Raises `ValueError` on no rows or unequal numbers of rows."""
    if not expected or len(expected) != len(got):
        raise ValueError(f"{len(expected)} and {len(got)} prompts cannot be compared; there must be as many, and some.")
    found = first_difference(expected, got)
    if found is None:
        return TokenProof(True, len(expected), f"token ids equal on {len(expected)} of {len(expected)} prompts")
    differing = sum(list(want["ids"]) != list(have["ids"]) for want, have in zip(expected, got, strict=True))
    sentence = (
        f"{differing} of {len(expected)} prompts differ, the first at token {found['position']} "
        f"(training {found['training']}, GGUF {found['gguf']}). {likely_trap(expected, got)}"
    )
    return TokenProof(False, len(expected), sentence, found)


def likely_trap(expected: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]) -> str:
    """Which known mistake the differences look most like, as a sentence that says what to do."""
    pairs = [(list(want["ids"]), list(have["ids"])) for want, have in zip(expected, got, strict=True)]
    differing = [(ours, theirs) for ours, theirs in pairs if ours != theirs]
    if all(theirs[1:] == ours for ours, theirs in differing):
        return "It looks like a BOS token in front: set add_bos_token to false in the tokenizer's configuration."
    if len(differing) == len(pairs) and len({theirs[0] for _, theirs in pairs}) == 1:
        first = {ours[0] for ours, _ in pairs}
        if first != {pairs[0][1][0]} and all(len(theirs) > len(ours) for ours, theirs in pairs):
            return "It looks like a BOS token in front, and more: set add_bos_token to false, then look again."
    if all(abs(len(theirs) - len(ours)) <= _marks(ours) for ours, theirs in differing) and len(differing) == len(pairs):
        return "It looks like a prefix space: set add_prefix_space to false in the tokenizer's configuration."
    return (
        "It looks like other merges: the original tokenizer files (tokenizer.model above all) must lie beside the "
        "merged weights when they are converted."
    )


def _marks(ids: Sequence[int]) -> int:
    # A chat prompt has a handful of turns; a prefix space adds at most a token or two to each.
    return 8 if ids else 0
