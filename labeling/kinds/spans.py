"""Labelled pieces of a text. The model quotes them; where the quotes stand is found here."""

import json
from collections.abc import Sequence
from typing import Any

from labeling.kinds.base import Answer, AnswerError, Entered, Kind
from labeling.kinds.change import Change
from labeling.kinds.inputs import Input
from labeling.kinds.labels import listed_labels, toggles
from labeling.kinds.phrases import NOTHING
from labeling.kinds.quotes import MOST_MENTIONS, Span, moved, number_of
from labeling.kinds.reading import content_of
from labeling.kinds.span_form import changed, entered_spans, rows_of, said_span
from labeling.kinds.span_reading import KEY, MOST_SPANS, NUMBER, QuoteReader, claims_spans, pieces, placed
from labeling.kinds.spec import Spec, fold
from labeling.kinds.words import find_names

_MOST_TOLD = 12


class Spans(Kind):
    """`{"spans": [{"label", "start", "end", "text"}, ...]}`, in the order of the text; they may overlap.

    Places count the Unicode code points of the text as it is stored, the end not included; `text` is what stands there.
    White space at the edges belongs to no span.
    """

    name = "spans"
    title = "Marked pieces of a text"
    about = "Names, amounts, clauses: pieces of the text, each with one of your labels."
    has_labels = True
    has_places = True
    can_join = True
    nothing_given = "Nothing is marked. Mark a piece of the text, or save once more if there is none to mark."
    scripts = ("js/spans_text.js", "js/spans_rows.js", "js/spans.js", "js/spans_hands.js")
    style = "css/spans.css"

    def schema(self, spec: Spec) -> dict[str, Any]:
        """Quotes with known labels. `nth` is the number of the mention that is meant, where it is not the next one."""
        properties = {
            "label": {"type": "string", "enum": list(spec.label_names)},
            "text": {"type": "string", "minLength": 1},
            NUMBER: {"type": "integer", "minimum": 1, "maximum": MOST_MENTIONS},
        }
        item = {
            "type": "object",
            "properties": properties,
            "required": ["label", "text"],
            "additionalProperties": False,
        }
        spans = {"type": "array", "items": item, "minItems": 0, "maxItems": MOST_SPANS}
        return {"type": "object", "properties": {KEY: spans}, "required": [KEY], "additionalProperties": False}

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        """Takes places, quotes, or both, in a bare list, too; see `span_reading.placed`."""
        items = pieces(content_of(value, KEY) if isinstance(value, dict) and KEY in value else value)
        return _stored(spec, dict(placed(spec, items, input)))

    def claims(self, spec: Spec, value: Any) -> bool:
        """An object with the key or another word for it, or with labels for keys, or a list of objects or pairs."""
        return claims_spans(spec, value)

    def mentions(self, spec: Spec, text: str) -> bool:
        """The name of a label."""
        return bool(find_names(spec.label_names, text).places)

    def said(self, spec: Spec, words: str) -> Any:
        """No span, where the words say so."""
        return [] if fold(words).rstrip(".") in NOTHING else None

    def read(self, spec: Spec, value: Any, input: Input | None, repairs: list[str]) -> Answer:
        """Quotes with their labels, found in the text."""
        if not isinstance(input, str):
            raise AnswerError("The text is not kept, so no quote can be found in it.")
        given = QuoteReader(spec, input, repairs).spans(value)
        found = {span: input[span.start : span.end] for span in given}
        if len(found) < len(given):
            repairs.append("a repeated span taken once")
        return _stored(spec, found)

    def dumps(self, spec: Spec, answer: Answer, input: Input | None) -> str:
        """The quotes in the order of the text, each with a number only where it would be taken for another mention."""
        if not isinstance(input, str):
            raise AnswerError("The text is not kept, so it cannot be said which mention is meant.")
        spans, said, before = _spans(answer), [], set[Span]()
        for place, span in enumerate(spans):
            after = spans[place - 1].start if place else 0
            number = number_of(input, span, before, after)
            before.add(span)
            quote = {"label": span.label, "text": input[span.start : span.end]}
            said.append(quote | ({NUMBER: number} if number else {}))
        return super().dumps(spec, {KEY: said}, input)

    def prompt_lines(self, spec: Spec) -> list[str]:
        """The labels, where the task lists them, and the form of the answer."""
        form = 'Answer in JSON: {"spans": [{"label": "...", "text": "..."}]}'
        how = f'Quote each text exactly, in order; add "{NUMBER}": 2 where its second mention is meant.'
        return [*(self.label_lines(spec) if spec.lists_labels else []), form, how]

    def label_lines(self, spec: Spec) -> list[str]:
        """The labels, with descriptions where there are any."""
        return listed_labels(spec)

    def is_empty(self, answer: Answer) -> bool:
        """Nothing is marked."""
        return not answer[KEY]

    def line(self, answer: Answer) -> str:
        """The first spans, each after its label."""
        told = [said_span(span) for span in answer[KEY][:_MOST_TOLD]]
        more = len(answer[KEY]) - len(told)
        return ", ".join([*told, *([f"{more} more"] if more else [])]) or "no span"

    def entered(self, fields: Entered) -> Any:
        """The rows of the list."""
        return {KEY: entered_spans(fields)}

    def fields(
        self, spec: Spec, proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        """The rows of the list, all labels as toggles, the text, and what the model proposed, as JSON."""
        return {
            "rows": rows_of(current[KEY] if current else []),
            "toggles": toggles(spec, set(), set()),
            "takes_several": True,
            "text": input if isinstance(input, str) else "",
            "proposed": None if proposal is None else json.dumps(proposal[KEY]),
        }

    def difference(self, one: Answer, other: Answer) -> str:
        """The spans that come, go, and change their label."""
        return changed(one[KEY], other[KEY])

    def carry(self, change: Change, answer: Answer) -> Answer:
        """Raises where a label was removed."""
        return self._renamed(change.asked, answer, change.counterpart)

    def carry_reading(self, change: Change, answer: Answer) -> Answer:
        """Labels without a counterpart keep their name."""
        return self._renamed(change.asked, answer, lambda name: change.counterparts.get(name, name))

    def _renamed(self, spec: Spec, answer: Answer, today: Any) -> Answer:
        return _stored(spec, {Span(*span[:2], today(span.label)): quote for span, quote in _quotes(answer).items()})

    def respelled(self, spec: Spec, answer: Answer, input: Input, stored: Input) -> Answer:
        """The same pieces where they stand in the other spelling."""
        text, other = self.input.text(input), self.input.text(stored)
        found = [moved(span, text, other) for span in _spans(answer)] if text != other else _spans(answer)
        if None in found:
            raise AnswerError("The project has this text in another spelling, in which the places are not found again.")
        return _stored(spec, {span: other[span.start : span.end] for span in found if span is not None})

    def identities(self, spec: Spec, answer: Answer) -> Answer:
        """Places with each label's identity."""
        return {KEY: sorted([each.start, each.end, spec.named[each.label].identity] for each in _spans(answer))}

    def joined(self, spec: Spec, answers: Sequence[Answer]) -> Answer:
        """All spans of all."""
        every = {span: quote for answer in answers for span, quote in _quotes(answer).items()}
        if len(every) > MOST_SPANS:
            raise AnswerError(f"Together they have {len(every)} spans where at most {MOST_SPANS} are allowed.")
        return _stored(spec, every)

    def labels_in(self, answer: Answer) -> list[str]:
        """The names, each once."""
        return list(dict.fromkeys(span.label for span in _spans(answer)))


def spans_in(answer: Answer | None) -> list[Span]:
    """The spans of a stored answer; none where there is none."""
    return [] if answer is None else _spans(answer)


def _spans(answer: Answer) -> list[Span]:
    return list(_quotes(answer))


def _quotes(answer: Answer) -> dict[Span, str]:
    return {Span(each["start"], each["end"], each["label"]): each["text"] for each in answer[KEY]}


def _stored(spec: Spec, found: dict[Span, str]) -> Answer:
    """By place, then in the order of the labels; one without a counterpart comes last."""
    order = {name: place for place, name in enumerate(spec.label_names)}
    spans = sorted(found, key=lambda each: (each.start, each.end, order.get(each.label, len(order)), each.label))
    return {KEY: [{"label": each.label, "start": each.start, "end": each.end, "text": found[each]} for each in spans]}
