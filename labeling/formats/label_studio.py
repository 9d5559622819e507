"""Label Studio's JSON: a list of tasks with their annotations and predictions."""

from typing import Any

from common import jsonbounds
from labeling.formats.base import Item, Writer, encode
from labeling.kinds import Answer


class LabelStudio(Writer):
    """Tasks as Label Studio imports and exports them: choices or marked pieces named `label`, or a text area `answer`.

    Places count code points, as Label Studio does since 1.4.
    """

    name = "label_studio"
    title = "Label Studio JSON"
    told = "Tasks with annotations and the newest prediction of each model."
    suffix = "json"
    media_type = "application/json"
    begin = "[\n"
    between = ",\n"
    end = "\n]\n"
    has_history = True

    def row(self, item: Item) -> str:
        """A task without annotations where there is no answer."""
        asked: dict[str, Any] = {"text": item.text}
        if item.input is not None:
            asked["dialogue"] = item.input
        annotations = []
        if item.golden and item.read:
            by = {"username": item.golden.by} if item.golden.by else {}
            annotations = [
                {"completed_by": by, "created_at": item.golden.at, "was_cancelled": False,
                 "result": self._result(item, item.read.answer, "manual")}
            ]  # fmt: skip
        task = {"data": asked, "annotations": annotations, "predictions": self._predictions(item), "meta": item.meta}
        return encode(task)

    def _predictions(self, item: Item) -> list[dict[str, Any]]:
        told = jsonbounds.loads(item.proposals)
        newest = {said["model"]: said for said in told if said["answer"] is not None}
        return [
            {"model_version": said["model"], "score": said["confidence"], "created_at": said["at"],
             "result": self._result(item, said["answer"], "prediction")}
            for said in newest.values()
        ]  # fmt: skip

    def _result(self, item: Item, answer: Answer, origin: str) -> list[dict[str, Any]]:
        where = {"to_name": "text", "origin": origin}
        if self.kind.has_places:
            return [_region(number, span) | where for number, span in enumerate(answer["spans"], start=1)]
        if self.kind.labels_texts:
            names = self.kind.labels_in(answer)
            return [{"from_name": "label", "type": "choices", "value": {"choices": names}, **where}] if names else []
        # Of an earlier task it may be anything; as JSON it is told in any case.
        told = encode(answer) if self.kind.is_json else self.kind.line(answer)
        text = self.said(item) if origin == "manual" else told
        return [{"from_name": "answer", "type": "textarea", "value": {"text": [text]}, **where}]


def _region(number: int, span: dict[str, Any]) -> dict[str, Any]:
    value = {"start": span["start"], "end": span["end"], "text": span["text"], "labels": [span["label"]]}
    return {"id": f"span-{number}", "from_name": "label", "type": "labels", "value": value}
