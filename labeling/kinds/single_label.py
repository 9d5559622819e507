"""One label, always."""

from typing import Any

from labeling.kinds.base import Answer, AnswerError, Entered, first
from labeling.kinds.change import Change
from labeling.kinds.inputs import Input
from labeling.kinds.labels import LabelKind
from labeling.kinds.reading import content_of
from labeling.kinds.spec import Spec, find_label


class SingleLabel(LabelKind):
    """`{"label": "..."}`."""

    name = "single_label"
    title = "One label per text"
    about = "Exactly one of your labels: a category, a department, a verdict."
    key = "label"
    takes_several = False

    def schema(self, spec: Spec) -> dict[str, Any]:
        """One known name."""
        label = {"type": "string", "enum": list(spec.label_names)}
        return {"type": "object", "properties": {"label": label}, "required": ["label"], "additionalProperties": False}

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        """Takes a bare name, and a list of one, too; the name may differ in case and spacing."""
        content = content_of(value, "label")
        if content == "":
            raise AnswerError("Choose one label first.")
        if isinstance(content, list | tuple):
            chosen = {find_label(spec, name) for name in content}
            if len(chosen) != 1:
                raise AnswerError(f"{len(chosen)} labels where exactly one is wanted; choose one.")
            return {"label": chosen.pop()}
        return {"label": find_label(spec, content)}

    def labels_in(self, answer: Answer) -> list[str]:
        """The one; none before one is chosen."""
        return [answer["label"]] if answer["label"] else []

    def answer_line(self, spec: Spec) -> str:
        """The form alone."""
        return 'Answer in JSON: {"label": "..."}'

    def entered(self, fields: Entered) -> Any:
        """The checked button."""
        return {"label": first(fields, "labels")}

    def shown_again(self, spec: Spec, entered: Any) -> Answer | None:
        """The label, if there is such a one."""
        return entered if entered["label"] in spec.named else None

    def carry(self, change: Change, answer: Answer) -> Answer:
        """Raises where the label was removed."""
        return self.canonical(change.asked, self.today(change, answer), None)

    def carry_reading(self, change: Change, answer: Answer) -> Answer:
        """The label, under whatever name."""
        return {"label": self.still_named(change, answer)[0]}
