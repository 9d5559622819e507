"""What free texts are compared by: words, and single characters in scripts that put no spaces between words.

One rule for every text, so it is the same for the right answer and for the model's. Case and the punctuation of
sentences do not count. Numbers are kept whole with sign, point and separators (`-5`, `3.14`, `1/2`, `2024-01-31`),
marks that are part of a name stay with it (`c#`, `a+`), and every symbol counts (`%`, `€`, an emoji). Nothing is known
of languages: an article is a word like any other.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from common.text import Characters, stream_safe

# A text with one foreign name in a hundred letters is still written in plain letters.
PLAIN_SHARE = 0.99
_CHARACTERS = {
    "CJK": "Chinese",
    "BOPOMOFO": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "THAI": "Thai",
    "LAO": "Lao",
    "KHMER": "Khmer",
    "MYANMAR": "Burmese",
    "TAI": "Tai",
    "NEW": "New Tai Lue",
    "AHOM": "Ahom",
}
# Japanese is mostly kana; a Chinese text has a name in them at most.
_KANA_SHARE = 0.1
_SAME = {**dict.fromkeys("\u2010\u2011\u2013\u2212", "-"), **dict.fromkeys("\u2018\u2019\u02bc", "'")}
# 5² is not 52, and 3½ is not 31/2.
_KEPT_APART = ("<super>", "<sub>", "<fraction>")
_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True)
class Writing:
    """How texts are written: in what, whether it is compared by words, and whether in the letters A to Z alone."""

    script: str
    by_words: bool
    is_plain: bool


def tokens(text: str) -> list[str]:
    """The tokens of a text in order; of one that holds nothing but punctuation, its marks."""
    plain = folded(text)
    return _expression().findall(plain) or [char for char in plain if not char.isspace()]


def folded(text: str) -> str:
    """A text without case, in normal form KC but for raised digits and fractions; unseen characters are left out."""
    # What is not seen goes first: it would stand between marks that make one run without it.
    safe = stream_safe(text if text.isascii() else text.translate(_SEEN))
    return unicodedata.normalize("NFC", safe.translate(_PLAIN).casefold())


def writing_of(texts: Iterable[str]) -> Writing:
    """How most of the tokens of `texts` are written; the script is empty where there are no letters."""
    starts, letters = Counter[str](), Counter[str]()
    for text in texts:
        starts.update(token[0] for token in tokens(text))
        letters.update(text)
    scripts = Counter[str]()
    for char, count in starts.items():
        scripts[_script(char)] += count
    scripts.pop("", None)
    if scripts["Japanese"] > _KANA_SHARE * scripts["Chinese"]:
        scripts["Japanese"] += scripts.pop("Chinese", 0)
    script = max(scripts, key=lambda name: (scripts[name], name), default="")
    all_letters = sum(count for char, count in letters.items() if char.isalpha())
    plain = sum(count for char, count in letters.items() if char.isalpha() and char.isascii())
    return Writing(script, script not in _CHARACTERS.values(), 0 < PLAIN_SHARE * all_letters <= plain)


def _script(char: str) -> str:
    """The language or script of a letter, empty for anything else."""
    if not char.isalpha():
        return ""
    first = unicodedata.name(char, "").replace("-", " ").split(" ")[0]
    return _CHARACTERS.get(first, first.capitalize())


def _seen(char: str) -> str | None:
    return None if unicodedata.category(char) == "Cf" or ord(char) in _SELECTORS else char


def _plain(char: str) -> str:
    if char in _SAME:
        return _SAME[char]
    is_apart = unicodedata.decomposition(char).startswith(_KEPT_APART)
    return char if is_apart else unicodedata.normalize("NFKC", char)


_SEEN, _PLAIN = Characters(_seen), Characters(_plain)


@lru_cache(maxsize=1)
def _expression() -> Any:
    """A compiled pattern whose matches are the tokens of a folded text; the library knows Unicode's properties."""
    import regex

    apart = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Line_Break=Complex_Context}\u30fc"
    word = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{apart}]]"
    number = r"(?<=\p{Nd})[.,:/'*\u066b\u066c-](?=\p{Nd})"
    joined = rf"(?:{number}|(?<=\p{{Nd}}e)[-+](?=\p{{Nd}})|(?<=[\p{{L}}\p{{M}}])'(?=\p{{L}})|_+(?={word}))"
    sign = rf"(?:(?<![{word}.])[-+±]?\.?(?=\p{{Nd}}))?"
    ending = rf"(?:[#+]++(?!{word})|-(?![{word}\-]))?"
    return regex.compile(
        rf"(?V1)[[{apart}]--\p{{M}}]\p{{M}}*"
        rf"|{sign}{word}++(?:{joined}{word}++)*+{ending}"
        rf"|(?<!{word})-(?=[\p{{Sc}}∞])|(?<=\p{{Nd}} )-(?= \p{{Nd}})"
        r"|[[\p{S}%‰‱′§]--`]"
    )
