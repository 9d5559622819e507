"""Several labels, or none."""

from collections.abc import Sequence
from typing import Any

from labeling.kinds.base import Answer, AnswerError, Entered, NoLongerFitsError, shown
from labeling.kinds.change import Change
from labeling.kinds.inputs import Input
from labeling.kinds.labels import LabelKind
from labeling.kinds.reading import content_of
from labeling.kinds.spec import Spec, find_label


class MultiLabel(LabelKind):
    """`{"labels": [...]}`: each once, in the project's order."""

    name = "multi_label"
    title = "Several labels per text"
    about = "Any of your labels, or none of them: tags, topics, faults."
    key = "labels"
    takes_several = True
    can_join = True
    nothing_given = "No label is chosen. Choose one, or save once more if none of them fits."

    def schema(self, spec: Spec) -> dict[str, Any]:
        """A list of known names, no longer than the limit."""
        # No uniqueItems: llama.cpp's grammars ignore it. maxItems must be there, or a small model never ends the list.
        items = {"type": "string", "enum": list(spec.label_names)}
        labels = {"type": "array", "items": items, "minItems": 0, "maxItems": spec.label_limit}
        properties = {"labels": labels}
        return {"type": "object", "properties": properties, "required": ["labels"], "additionalProperties": False}

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        """Takes a bare list, and a bare name, too; names may differ in case and spacing."""
        content = content_of(value, "labels")
        names = [content] if isinstance(content, str | int | float) else content
        if not isinstance(names, list | tuple):
            raise AnswerError(f"{shown(content)} is not a list of labels; give the labels as a list.")
        chosen = {find_label(spec, name) for name in names}
        if len(chosen) > spec.label_limit:
            raise AnswerError(f"{len(chosen)} labels where at most {spec.label_limit} are allowed; choose fewer.")
        return {"labels": [name for name in spec.label_names if name in chosen]}

    def joined(self, spec: Spec, answers: Sequence[Answer]) -> Answer:
        """All labels of all."""
        return self.canonical(spec, [name for answer in answers for name in answer["labels"]], None)

    def labels_in(self, answer: Answer) -> list[str]:
        """The list."""
        return list(answer["labels"])

    def answer_line(self, spec: Spec) -> str:
        """With the limit, where that is below the number of labels."""
        limit = f", at most {spec.label_limit}" if spec.label_limit < len(spec.labels) else ""
        return f'Answer in JSON: {{"labels": ["..."]}}{limit}'

    def is_empty(self, answer: Answer) -> bool:
        """No label at all."""
        return not answer["labels"]

    def entered(self, fields: Entered) -> Any:
        """The checked boxes."""
        return {"labels": list(fields.get("labels", ()))}

    def shown_again(self, spec: Spec, entered: Any) -> Answer | None:
        """The labels that there are."""
        return {"labels": [name for name in entered["labels"] if name in spec.named]}

    def carry(self, change: Change, answer: Answer) -> Answer:
        """Raises where a label was removed, or more labels remain than the new spec allows."""
        labels, limit = self.today(change, answer), change.asked.label_limit
        if len(labels) > limit:
            raise NoLongerFitsError(f"it has more than {limit} label{'s' if limit > 1 else ''}")
        return self.canonical(change.asked, labels, None)

    def carry_reading(self, change: Change, answer: Answer) -> Answer:
        """Labels without a counterpart come last."""
        names = self.still_named(change, answer)
        known = [name for name in change.asked.label_names if name in names]
        return {"labels": known + [name for name in names if name not in known]}
