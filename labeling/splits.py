"""Which split a text belongs to: decided by a hash, so it is the same on every machine and in every order.

A sample's split is stored once, at import. Texts that are equal, or equal but for numbers, punctuation and emoji,
fall into one group and so into one split: nothing that training has seen can be asked in a test.
"""

import hashlib
import unicodedata

from common.text import Characters, nfkc

SPLITS = ("train", "validation", "test")
DEFAULT_SHARES = (80, 10, 10)


def normalise(text: str) -> str:
    """`text` as it is compared: NFKC, case folded, every run of white space as one space."""
    # Case folding may undo the normal form (some Greek and Turkish letters), so it is restored after it; it makes no
    # long run of marks, so nothing has to be broken up again.
    folded = unicodedata.normalize("NFKC", nfkc(text).casefold())
    return " ".join(folded.split())


def content_hash(text: str) -> str:
    """SHA-256, in hex, of the normalised text: equal for texts that count as duplicates."""
    return _sha256(normalise(text))


def group_key(text: str) -> str:
    """SHA-256, in hex, of the text's letters alone: equal for texts that are nearly the same.

    Punctuation, digits, symbols and emoji do not count. A text without any letter has the group of its content.
    """
    words = " ".join(normalise(text).translate(_LETTERS).split())
    return _sha256(words) if words else content_hash(text)


def split_for(group: str, shares: tuple[int, int, int] = DEFAULT_SHARES, salt: str = "") -> str:
    """`train`, `validation` or `test` for a group, in proportion to `shares`.

    `salt` makes the splits of one project independent of another's. Raises `ValueError` on impossible shares.
    """
    if len(shares) != 3 or min(shares) < 0 or sum(shares) <= 0:
        raise ValueError(f"The shares {shares} must be three numbers, none below zero, that add up to more than zero.")
    point = drawn(group, salt) * sum(shares)
    if point < shares[0]:
        return SPLITS[0]
    return SPLITS[1] if point < shares[0] + shares[1] else SPLITS[2]


def drawn(key: str, salt: str) -> float:
    """A number from 0 up to 1 that chance gave to `key`, the same one for ever; `salt` makes draws independent."""
    return int(_sha256(f"{salt}:{key}")[:15], 16) / 16**15


def _counts(char: str) -> bool:
    # Marks belong to letters (Hindi vowels, accents), but the variation selectors among them belong to emoji.
    return unicodedata.category(char)[0] in "LM" and not "\ufe00" <= char <= "\ufe0f"


_LETTERS = Characters(lambda char: char if _counts(char) else " ")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
