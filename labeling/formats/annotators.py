"""JSON Lines of two annotation tools: doccano, and Prodigy's choices."""

from typing import Any

from labeling.formats.base import Answered, Item, LeftOut, Writer, line
from labeling.kinds.span_reading import KEY


class Doccano(Writer):
    """`{"text", "label": [...]}`, as doccano takes for classification, sequence labeling and sequence to sequence."""

    name = "doccano"
    title = "doccano JSONL"
    told = "For text classification, sequence labeling and sequence to sequence."

    def row(self, item: Item) -> str:
        """An empty list of labels says in doccano that nobody has looked; so that answer has no place."""
        label = [] if item.read is None else self._label(item, item.read)
        if item.read is not None and not label:
            nothing = "nothing is marked" if self.kind.has_places else "no label fits"
            raise LeftOut(f"its answer is that {nothing}, which this format cannot say")
        return line({"text": item.text, "label": label, "meta": item.meta})

    def _label(self, item: Item, read: Answered) -> list[Any]:
        if self.kind.has_places:
            return [[span["start"], span["end"], span["label"]] for span in read.answer[KEY]]
        return read.labels if self.kind.labels_texts else [self.said(item)]


class Prodigy(Writer):
    """Examples as `textcat.manual` and `spans.manual` write them; a free text stands in `user_input`."""

    name = "prodigy"
    title = "Prodigy JSONL"
    told = "Text categories as choices with what was accepted, or spans."

    def row(self, item: Item) -> str:
        """Without `answer` where there is none: Prodigy then asks."""
        found: dict[str, Any] = {"text": item.text, "meta": item.meta}
        if self.kind.has_places:
            given = {KEY: item.read.answer[KEY], "answer": "accept"} if item.read else {}
            return line(found | {"_view_id": "spans_manual"} | given)
        if not self.kind.labels_texts:
            given = {"user_input": self.said(item), "answer": "accept"} if item.read else {}
            return line(found | {"_view_id": "text_input"} | given)
        found["options"] = [{"id": name, "text": name} for name in self.spec.label_names]
        found["_view_id"] = "choice"
        if item.read is not None:
            found |= {"accept": item.read.labels, "answer": "accept"}
        return line(found)
