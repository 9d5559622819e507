"""JSON Lines of two annotation tools: doccano, and Prodigy's choices."""

from typing import Any

from labeling.formats.base import Item, LeftOut, Writer, line


class Doccano(Writer):
    """`{"text", "label": [...]}`, as doccano takes for classification and for sequence to sequence."""

    name = "doccano"
    title = "doccano JSONL"
    told = "For text classification and sequence to sequence."

    def row(self, item: Item) -> str:
        """An empty list of labels says in doccano that nobody has looked; so that answer has no place."""
        label = [] if item.read is None else item.read.labels if self.kind.has_labels else [self.said(item)]
        if item.read is not None and not label:
            raise LeftOut("its answer is that no label fits, which this format cannot say")
        return line({"text": item.text, "label": label, "meta": item.meta})


class Prodigy(Writer):
    """Examples as `textcat.manual` writes them; a free text stands in `user_input`."""

    name = "prodigy"
    title = "Prodigy JSONL"
    told = "Text categories as choices, with what was accepted."

    def row(self, item: Item) -> str:
        """Without `answer` where there is none: Prodigy then asks."""
        found: dict[str, Any] = {"text": item.text, "meta": item.meta}
        if not self.kind.has_labels:
            given = {"user_input": self.said(item), "answer": "accept"} if item.read else {}
            return line(found | {"_view_id": "text_input"} | given)
        found["options"] = [{"id": name, "text": name} for name in self.spec.label_names]
        found["_view_id"] = "choice"
        if item.read is not None:
            found |= {"accept": item.read.labels, "answer": "accept"}
        return line(found)
