"""Which pieces of a text a value marks: by places, or by quotes; given by people and files, or written by a model."""

from collections.abc import Iterator, Sequence
from typing import Any

from labeling.kinds.base import AnswerError, shown
from labeling.kinds.inputs import Input
from labeling.kinds.phrases import NOTHING
from labeling.kinds.quotes import Place, Span, chosen, mentions, trimmed
from labeling.kinds.reading import under_key
from labeling.kinds.spec import Spec, find_label, fold

KEY, NUMBER = "spans", "nth"
# More in one answer is no answer that a person checks, and a small model without a bound never ends its list.
MOST_SPANS = 200
# What models and files call a span's parts, the likeliest first.
_LABEL = ("label", "labels", "type", "tag", "category", "class", "entity type", "entity group")
_QUOTE = ("text", "quote", "span", "value", "entity", "mention", "word")
_START, _END = ("start", "start offset", "begin"), ("end", "end offset", "stop")
_OWN = frozenset(("label", "text", NUMBER))
# What models call the list, beside its own key.
_LISTS = frozenset(("span", "entities", "entity", "annotations", "answer", "answers", "output", "result", "results"))
_TOLD = 3


def pieces(value: Any) -> list[Any]:
    """The items of a list of spans; one alone is a list of one. Raises `AnswerError`."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list | tuple):
        raise AnswerError(f"{shown(value)} is not a list of spans; give the spans as a list.")
    if len(value) > MOST_SPANS:
        raise AnswerError(f"{len(value)} spans where at most {MOST_SPANS} are allowed; mark fewer.")
    return list(value)


def placed(spec: Spec, items: Sequence[Any], input: Input | None) -> Iterator[tuple[Span, str]]:
    """The spans that a person or a file gave, with what they quote. Raises `AnswerError` with what to do.

    An item has places, a quote, or both: `{"label", "start", "end", "text"}`, `[start, end, label]`, `[label, quote]`.
    A quote is looked for as a model's would be. Where the text is not kept, an item has to hold all four.
    """
    after, seen = 0, set[Span]()
    for number, item in enumerate(items, start=1):
        label, start, end, quote, nth = _parts(item, number)
        name = find_label(spec, label)
        if not isinstance(input, str):
            place = _unchecked(start, end, quote)
        elif start is None:
            place = _quoted(input, quote, nth, after, name, seen)
        else:
            place = _at(input, start, end, quote)
        after = place.start
        span = Span(place.start, place.end, name)
        seen.add(span)
        yield span, input[span.start : span.end] if isinstance(input, str) else quote


def _parts(item: Any, number: int) -> tuple[Any, int | None, int | None, str, int]:
    if isinstance(item, list | tuple):
        item = dict(zip(("label", "text") if len(item) == 2 else ("start", "end", "label"), item, strict=False))
    if not isinstance(item, dict):
        raise AnswerError(f"Span {number} is {shown(item)}; give its label with its places or its text.")
    label, quote = _first(item, _LABEL), _first(item, _QUOTE)
    if isinstance(label, list) and len(label) == 1:
        label = label[0]
    if label in (None, "", []):
        about = f", {shown(quote)}," if quote else ""
        raise AnswerError(f"Span {number}{about} has no label; choose one, or remove it.")
    places = [_first(item, _START), _first(item, _END)]
    if any(each is not None and (not isinstance(each, int) or isinstance(each, bool)) for each in places):
        raise AnswerError(f"Span {number} stands at {shown(places)}; places are whole numbers, counted from 0.")
    if (places[0] is None) != (places[1] is None):
        raise AnswerError(f"Span {number} has only one of its two places; give both, or its text alone.")
    if quote is not None and not isinstance(quote, str):
        raise AnswerError(f"Span {number} quotes {shown(quote)}, which is no text.")
    if places[0] is None and not (quote or "").strip():
        raise AnswerError(f"Span {number} has neither places nor a text; give one of them, or remove it.")
    return label, places[0], places[1], quote or "", _number(item.get(NUMBER))


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _first(item: dict[Any, Any], names: Sequence[str]) -> Any:
    """What stands under the first of these names, in whatever spelling."""
    by_name = {fold(str(key)): value for key, value in item.items()}
    return next((by_name[name] for name in names if by_name.get(name) is not None), None)


def _unchecked(start: int | None, end: int | None, quote: str) -> Place:
    if start is None or end is None or start < 0 or end - start != len(quote):
        raise AnswerError("The text is not kept, so no quote can be found in it.")
    return Place(start, end)


def _at(text: str, start: int, end: int | None, quote: str) -> Place:
    if end is None or not 0 <= start < end <= len(text):
        raise AnswerError(f"Characters {start} to {end} are no piece of a text of {len(text):,} characters.")
    place = Place(*trimmed(text, start, end))
    said = text[place.start : place.end]
    if not said:
        raise AnswerError(f"Characters {start} to {end} are white space; mark words.")
    # Forms change line ends, and fields of one line lose them.
    if quote.strip() and "".join(quote.split()) != "".join(said.split()):
        raise AnswerError(
            f"Characters {start} to {end} of the text are {shown(said)}, not {shown(quote)}. Correct the places, or "
            "leave them out to have the quote found."
        )
    return place


def _quoted(text: str, quote: str, nth: int, after: int, label: str, seen: set[Span]) -> Place:
    found = chosen(
        mentions(text, quote.strip()), nth, after, lambda each: Span(each.start, each.end, label) not in seen
    )
    if found is None:
        raise AnswerError(f"The text does not hold {shown(quote)} (once more); quote it as it stands.")
    return found


def claims_spans(spec: Spec, value: Any) -> bool:
    """Whether a JSON value in a model's text gives spans, or tries to."""
    if isinstance(value, dict):
        names = {fold(str(name)) for name in value}
        return bool(names & ({KEY} | _LISTS | spec.folded.keys())) or bool({"label", "text"} <= names)
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


class QuoteReader:
    """Reads the quotes of a model's value; what had to be mended goes into `repairs`. Raises `AnswerError`.

    A quote that the text does not hold is left out and told, where another one is found: the others are still worth an
    expert's look. An answer of which nothing is found is none.
    """

    def __init__(self, spec: Spec, text: str, repairs: list[str]) -> None:
        self.spec, self.text, self.repairs = spec, text, repairs

    def spans(self, value: Any) -> list[Span]:
        """The spans, in the order in which they are given; one may be there twice."""
        found: list[Span] = []
        seen: set[Span] = set()
        lost: list[str] = []
        loose: list[str] = []
        for item in self._items(value):
            label, quote, nth = self._said(item)
            after = found[-1].start if found else 0
            place = self._place(label, quote, nth, after, seen)
            if place is None:
                lost.append(shown(quote))
                continue
            if place.start < after:
                self.repairs.append("quotes out of the order of the text")
            if not place.is_exact:
                loose.append(f"{shown(quote)} as {shown(self.text[place.start : place.end])}")
            found.append(Span(place.start, place.end, label))
            seen.add(found[-1])
        if lost and not found:
            raise AnswerError(f"The text does not hold {lost[0]}, nor anything else that the model quotes.")
        self._tell("quotes found in other letters", loose)
        self._tell("quotes that the text does not hold left out", lost)
        return found

    def _tell(self, what: str, cases: list[str]) -> None:
        if cases:
            more = f" and {len(cases) - _TOLD} more" if len(cases) > _TOLD else ""
            self.repairs.append(f"{what}: {', '.join(cases[:_TOLD])}{more}")

    def _place(self, label: str, quote: str, nth: int, after: int, seen: set[Span]) -> Place | None:
        places = mentions(self.text, quote)
        place = chosen(places, nth, after, lambda each: Span(each.start, each.end, label) not in seen)
        if place is None and places:
            # It says more mentions than there are: the quote is known, and the last one is the nearest to it.
            self.repairs.append("a mention that there is not taken for the last one")
            place = places[-1]
        return place

    def _items(self, value: Any) -> list[Any]:
        content = self._content(value)
        if content is None or (isinstance(content, str) and fold(content) in NOTHING):
            self.repairs.append(f"{shown(content)} taken as no span")
            return []
        if not isinstance(content, dict):
            return pieces(content)
        if _first(content, _QUOTE) is not None:
            self.repairs.append("one span taken as a list")
            return [content]
        self.repairs.append("quotes under their labels taken as spans")
        lists = {label: quotes if isinstance(quotes, list) else [quotes] for label, quotes in content.items()}
        return pieces([[label, quote] for label, quotes in lists.items() for quote in quotes])

    def _content(self, value: Any) -> Any:
        """What stands under the key, or another word for it; else the value."""
        if isinstance(value, list):
            self.repairs.append("a bare list taken as the spans")
        if not isinstance(value, dict):
            return value
        if any(fold(str(name)) == KEY for name in value):
            return under_key(value, KEY, self.repairs)
        close = [name for name in value if fold(str(name)) in _LISTS and isinstance(value[name], list | dict)]
        if len(close) != 1:
            return value
        self.repairs.append(f"the key {close[0]!r} read as {KEY!r}")
        return value[close[0]]

    def _said(self, item: Any) -> tuple[str, str, int]:
        """Label, quote and number of an item."""
        label, _, _, quote, nth = _parts(item, 1)
        if not isinstance(item, dict) or not set(item) <= _OWN:
            self.repairs.append("a span in another form")
        if not quote.strip():
            raise AnswerError(f"{shown(item)} quotes nothing; the model has to write the text of a span.")
        name = find_label(self.spec, label)
        if name != label:
            self.repairs.append(f"the label {shown(label)} read as {name!r}")
        if quote != quote.strip():
            self.repairs.append("white space around a quote taken off")
        return name, quote.strip(), nth
