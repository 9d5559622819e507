"""Rows of annotation tools: Label Studio (old and new), doccano, Prodigy, Argilla, and our own complete ones."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from labeling.formats.shapes import (
    Plain,
    Shape,
    ShapeError,
    Told,
    agreed,
    is_span,
    listed,
    messages,
    of_turns,
    sure,
)
from labeling.formats.span_marks import marks_of

_ID = "external_id"
_COMPLETE = {"text", "approved", "proposals", "decisions"}
_OTHER = (
    "It is answered by neither choices nor text (but by a rating, a taxonomy or such), which no project takes yet. "
    "Import it without answers to have its text."
)


def _id_of(record: dict[str, Any]) -> Any:
    """The id that a file of ours keeps for the text, else the one of the tool that wrote the file."""
    meta = record.get("meta")
    return meta.get(_ID) if isinstance(meta, dict) and "uid" in meta else record.get("id")


def given_of(record: Any) -> str:
    """How a row of our complete format says that its answer was given; empty where it does not, and of other rows."""
    if not isinstance(record, dict) or not set(record) >= _COMPLETE:
        return ""
    approved = record["approved"]
    return str(approved.get("given") or "") if isinstance(approved, dict) else ""


class CompleteRows(Shape):
    """Our own complete format."""

    name = "touchstone"
    title = "Touchstone JSONL, complete"

    def fits(self, record: dict[str, Any]) -> bool:
        """The names that no other tool has together."""
        return set(record) >= _COMPLETE

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """The answer in the labels of the day of the export."""
        told = tuple(
            Told(str(each["model"]), each["raw"], sure(each.get("confidence")))
            for each in listed(record.get("proposals"))
            if isinstance(each, dict) and each.get("model") and isinstance(each.get("raw"), str)
        )
        answer, given = record.get("answer"), given_of(record)
        return Plain(record.get("text"), answer, record.get("id"), record.get("input"), told, given)


class Tasks(Shape):
    """Label Studio's tasks; in old files `completions` stand for annotations."""

    name = "label_studio"
    title = "Label Studio JSON"

    def fits(self, record: dict[str, Any]) -> bool:
        """Annotations, or a task's data with predictions."""
        own = ("annotations", "completions", "predictions")
        return any(isinstance(record.get(name), list) for name in own) and "proposals" not in record

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """The answer that the annotators agree on, or of the one that is marked as the truth."""
        given = record.get("annotations", record.get("completions"))
        kept = [
            each
            for each in listed(given)
            if isinstance(each, dict) and not each.get("was_cancelled", each.get("skipped"))
        ]
        truth = [each for each in kept if each.get("ground_truth") or each.get("honeypot")]
        text, input = self._text(record.get("data", record))
        answers = [self._answer(each.get("result"), text) for each in truth or kept] if with_answer else []
        id = _id_of(record)
        return Plain(text, agreed(answers), id, input, tuple(self._told(record.get("predictions"), text)))

    def _told(self, predictions: Any, text: Any) -> Iterator[Told]:
        """What models said, of predictions that are an answer."""
        for each in listed(predictions):
            if isinstance(each, dict):
                with suppress(ShapeError):
                    answer = self._answer(each.get("result"), text)
                    yield Told(str(each.get("model_version") or "outside"), answer, sure(each.get("score")))

    def _text(self, data: Any) -> tuple[Any, Any]:
        if not isinstance(data, dict):
            raise ShapeError("Its data is no object.")
        if "dialogue" in data:
            return of_turns(messages(data["dialogue"]))[0], data["dialogue"]
        if "text" in data:
            return data["text"], None
        texts = [value for value in data.values() if isinstance(value, str)]
        if len(texts) != 1:
            raise ShapeError("Its data has no 'text'; say with a path which part it is, such as data.body.")
        return texts[0], None

    def _answer(self, result: Any, text: Any) -> Any:
        if not isinstance(result, list):
            raise ShapeError("One of its annotations has no list of results.")
        found = [each.get("value") for each in result if isinstance(each, dict)]
        values: list[dict[str, Any]] = [value for value in found if isinstance(value, dict)]
        if any(map(is_span, values)):
            return marks_of(text, filter(is_span, values))
        # An empty list says that no label fits; what is there and is neither of these says something else.
        if result and not any(isinstance(value.get("choices"), list) or "text" in value for value in values):
            raise ShapeError(_OTHER)
        choices = [name for value in values for name in listed(value.get("choices"))]
        if not all(isinstance(name, str) for name in choices):
            raise ShapeError(_OTHER)
        texts = [value["text"] for value in values if "choices" not in value and "text" in value]
        if texts and not choices:
            return texts[0] if isinstance(texts[0], str) else "\n".join(map(str, listed(texts[0])))
        return choices


class DoccanoRows(Shape):
    """doccano's lines for classification, sequence to sequence and intents."""

    name = "doccano"
    title = "doccano JSONL"

    def fits(self, record: dict[str, Any]) -> bool:
        """A text with a list of labels, or what doccano calls them elsewhere."""
        given = [record.get(name) for name in ("label", "labels", "cats", "entities")]
        return isinstance(record.get("text", record.get("data")), str) and any(isinstance(each, list) for each in given)

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """An empty list says that nobody has looked."""
        names: list[Any] = next(filter(None, (listed(record.get(name)) for name in ("cats", "label", "labels"))), [])
        text, id = record.get("text", record.get("data")), _id_of(record)
        spans = names if any(map(is_span, names)) else [] if names else listed(record.get("entities"))
        if with_answer and spans:
            return Plain(text, marks_of(text, spans), id)
        return Plain(text, names or None, id)


class Examples(Shape):
    """Prodigy's examples: choices, one label to accept or reject, a text that was typed."""

    name = "prodigy"
    title = "Prodigy JSONL"

    def fits(self, record: dict[str, Any]) -> bool:
        """Something that only Prodigy writes."""
        return "text" in record and bool({"_view_id", "_input_hash", "_task_hash"} & set(record))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """What was accepted; what was rejected or ignored is a text without an answer."""
        meta = record.get("meta")
        plain = Plain(record.get("text"), id=meta.get(_ID, meta.get("id")) if isinstance(meta, dict) else None)
        if record.get("answer") != "accept" or not with_answer:
            return plain
        if "accept" in record:
            return plain._replace(answer=record["accept"])
        if "user_input" in record:
            return plain._replace(answer=record["user_input"])
        if isinstance(record.get("spans"), list) and (record["spans"] or "label" not in record):
            return plain._replace(answer=marks_of(plain.text, record["spans"]))
        return plain._replace(answer=record.get("label"))


class Argilla(Shape):
    """Argilla's records: fields and responses, and the older ones with `inputs` and `annotation`."""

    name = "argilla"
    title = "Argilla"

    def fits(self, record: dict[str, Any]) -> bool:
        """Fields with what people said of them, or the older names."""
        new = isinstance(record.get("fields"), dict) and bool({"responses", "suggestions"} & set(record))
        return new or ("annotation" in record and bool({"inputs", "text"} & set(record)))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """What was submitted, where all agree; a suggestion is no answer."""
        fields = record.get("fields", record.get("inputs", {"text": record.get("text")}))
        texts = [each for each in fields.values() if isinstance(each, str)] if isinstance(fields, dict) else []
        text = fields.get("text") if isinstance(fields, dict) else fields
        if text is None and len(texts) != 1:
            raise ShapeError("Its fields have no 'text'; say with a path which one it is, such as fields.body.")
        answer = record.get("annotation")
        if answer is None and with_answer:
            answer = agreed(self._responses(record.get("responses")))
        text = texts[0] if text is None else text
        if with_answer and isinstance(answer, list) and any(map(is_span, answer)):
            answer = marks_of(text, answer)
        return Plain(text, answer, record.get("id", record.get("external_id")))

    def _responses(self, responses: Any) -> list[Any]:
        """Of one question: the answers by question, or (in older exports) a list of people with theirs."""
        if isinstance(responses, list):
            by_person = [each.get("values") for each in responses if self._counts(each)]
            found = [list(each.values()) for each in by_person if isinstance(each, dict)]
            questions = {len(each) for each in found}
            answers = [self._value(each[0]) for each in found if each]
        else:
            answered = responses.values() if isinstance(responses, dict) else ()
            given = [each for each in answered if isinstance(each, list)]
            questions = {len(given)} if given else set()
            answers = [self._value(each) for each in (given[0] if given else []) if self._counts(each)]
        if questions - {0, 1}:
            raise ShapeError(
                "It answers several questions; say with a path which one counts, such as responses.label.0.value."
            )
        return answers

    def _counts(self, response: Any) -> bool:
        return isinstance(response, dict) and response.get("status", "submitted") == "submitted"

    def _value(self, answer: Any) -> Any:
        return answer.get("value") if isinstance(answer, dict) else answer
