"""Words with tags, as CoNLL's files have them: read as rows of words and tags, and written a word on each line."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from labeling.formats.base import Item, LeftOut, Writer
from labeling.formats.shapes import Plain, Shape, ShapeError
from labeling.kinds.span_reading import KEY

TEXT, ID = "# text = ", "# id = "
_WORD = re.compile(r"\S+")
_TAG = re.compile(r"([BIOES])(?:-(.+))?", re.DOTALL)


class TaggedRows(Shape):
    """`{"tokens": [...], "tags": [...]}`: tags are O, and with a label B- and I- (also E- and S-)."""

    name = "tagged"
    title = "Words with tags (CoNLL)"

    def fits(self, record: dict[str, Any]) -> bool:
        """Two lists of texts, as long as each other."""
        words, tags = self._lists(record)
        lists = isinstance(words, list) and isinstance(tags, list) and len(words) == len(tags) > 0
        return lists and all(isinstance(each, str) for each in (*words, *tags))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """The text that stands beside the words, where it holds them; else the words with a space between them."""
        if not self.fits(record):
            raise ShapeError("It has no words with a tag for each.")
        words, tags = self._lists(record)
        text = record.get("text")
        places = _places(words, text) if isinstance(text, str) else None
        if places is None:
            text = " ".join(words)
            places = _places(words, text)
        assert places is not None, "a text that is made of the words holds them"
        answer = {KEY: _spans(tags, places)} if with_answer else None
        return Plain(text, answer, record.get("id"))

    @staticmethod
    def _lists(record: dict[str, Any]) -> tuple[Any, Any]:
        return record.get("tokens", record.get("words")), record.get("tags", record.get("ner_tags"))


class Conll(Writer):
    """A word and its tag on each line, a blank line after each text; the text and the id stand before them."""

    name = "conll"
    title = "CoNLL"
    told = "A word and its tag (B-, I-, O) on each line: marked pieces that do not overlap."
    suffix = "conll"
    media_type = "text/plain"
    is_json = False

    def row(self, item: Item) -> str:
        """Words end at white space, and where a piece begins or ends."""
        if not self.kind.has_places:
            raise LeftOut("its answer marks no pieces, and this format holds nothing else")
        if item.read is None:
            self.said(item)
            raise AssertionError("without an answer nothing is said")
        if {"\n", "\r"} & {*item.text, *item.external_id}:
            raise LeftOut("it has several lines, and this format holds texts of one")
        spans = item.read.answer[KEY]
        if any(one["end"] > other["start"] for one, other in pairwise(spans)):
            raise LeftOut("pieces of it overlap, which this format cannot say")
        about = f"{TEXT}{item.text}\n" + (f"{ID}{item.external_id}\n" if item.external_id else "")
        return about + "".join(f"{word}\t{tag}\n" for word, tag in _tagged(item.text, spans)) + "\n"


def _tagged(text: str, spans: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    edges = sorted({each[name] for each in spans for name in ("start", "end")})
    for found in _WORD.finditer(text):
        cuts = [found.start(), *(edge for edge in edges if found.start() < edge < found.end()), found.end()]
        for start, end in pairwise(cuts):
            span = next((each for each in spans if each["start"] <= start < each["end"]), None)
            tag = "O" if span is None else f"{'B' if span['start'] == start else 'I'}-{span['label']}"
            yield text[start:end], tag


def _places(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Where the words stand in a text one after the other; None where it does not hold them so."""
    places, at = [], 0
    for word in words:
        start = text.find(word, at)
        if start < 0:
            return None
        at = start + len(word)
        places.append((start, at))
    return places


def _spans(tags: Sequence[str], places: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    return [{"label": label, "start": places[one][0], "end": places[last][1]} for label, one, last in _runs(tags)]


def _runs(tags: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Label, first and last word of each piece. A piece ends before a B- or S-, another label, or O."""
    open_label, first = "", 0
    for at, tag in enumerate([*tags, "O"]):
        found = _TAG.fullmatch(tag)
        if found is None or (found[1] != "O" and not found[2]):
            raise ShapeError(f"It has the tag {tag[:40]!r}; tags are O, and B- or I- with a label.")
        label = found[2] if found[1] != "O" else ""
        if open_label and (label != open_label or found[1] in "BS"):
            yield open_label, first, at - 1
            open_label = ""
        if label and not open_label:
            open_label, first = label, at
