"""What the kinds with labels share: reading names, prompt lines, toggles, identities."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from labeling.kinds.base import Answer, Kind
from labeling.kinds.change import Change
from labeling.kinds.inputs import Input
from labeling.kinds.label_reading import LabelReader
from labeling.kinds.spec import Spec
from labeling.kinds.words import find_names, given_names

# One key each for the first ten toggles, as they lie on a keyboard.
KEYS = "1234567890"


@dataclass(frozen=True)
class Toggle:
    """One label as a checkbox or radio button."""

    name: str
    description: str
    key: str
    proposed: bool
    checked: bool


def toggles(spec: Spec, proposed: set[str], checked: set[str]) -> list[Toggle]:
    """All labels as toggles, in the project's order."""
    return [
        Toggle(label.name, label.description, key.strip(), label.name in proposed, label.name in checked)
        for key, label in zip(KEYS.ljust(len(spec.labels)), spec.labels, strict=False)
    ]


def listed_labels(spec: Spec) -> list[str]:
    """The labels as a prompt lists them, with descriptions where there are any."""
    if not any(label.description for label in spec.labels):
        return [f"Labels: {', '.join(spec.label_names)}"]
    lines = [f"{label.name}: {label.description}" if label.description else label.name for label in spec.labels]
    return ["Labels:", *lines]


class LabelKind(Kind):
    """Answers made of the project's labels, under one key."""

    has_labels = True
    labels_texts = True
    key: ClassVar[str]
    takes_several: ClassVar[bool]

    @abstractmethod
    def labels_in(self, answer: Answer) -> list[str]:
        """The names in an answer."""

    @abstractmethod
    def answer_line(self, spec: Spec) -> str:
        """The form of the answer, as the prompt says it."""

    def claims(self, spec: Spec, value: Any) -> bool:
        """An object with the key or another word for it, or a list with names in it."""
        return self._reader(spec, []).claims(value)

    def mentions(self, spec: Spec, text: str) -> bool:
        """The name of a label."""
        return bool(find_names(spec.label_names, text).places)

    def said(self, spec: Spec, words: str) -> Any:
        """The names of labels, as the words write them."""
        names = given_names(spec.label_names, words)
        return names or ([] if names == [] and self.takes_several else None)

    def read(self, spec: Spec, value: Any, input: Input | None, repairs: list[str]) -> Answer:
        """An object with the key, a list of names or of objects that each name one, or a bare name."""
        return self.canonical(spec, self._reader(spec, repairs).labels(value), None)

    def _reader(self, spec: Spec, repairs: list[str]) -> LabelReader:
        return LabelReader(spec, self.key, self.takes_several, repairs)

    def prompt_lines(self, spec: Spec) -> list[str]:
        """The labels, where the task lists them, and the form of the answer."""
        return [*(self.label_lines(spec) if spec.lists_labels else []), self.answer_line(spec)]

    def label_lines(self, spec: Spec) -> list[str]:
        """The labels, with descriptions where there are any."""
        return listed_labels(spec)

    def line(self, answer: Answer) -> str:
        """The names."""
        return ", ".join(self.labels_in(answer)) or "no label"

    def fields(
        self, spec: Spec, proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        """All labels as toggles, in the project's order."""
        proposed, checked = (set(self.labels_in(answer)) if answer else set() for answer in (proposal, current))
        shown = toggles(spec, proposed, checked)
        return {"toggles": shown, "takes_several": self.takes_several, "limit": spec.label_limit}

    def difference(self, one: Answer, other: Answer) -> str:
        """The labels that come and go."""
        before, after = self.labels_in(one), self.labels_in(other)
        added, removed = [x for x in after if x not in before], [x for x in before if x not in after]
        said = {"Added": added, "Taken away": removed}
        return " ".join(f"{words}: {', '.join(names)}." for words, names in said.items() if names)

    def today(self, change: Change, answer: Answer) -> list[str]:
        """The labels' names under the new spec, each once. Raises `NoLongerFitsError` where one was removed."""
        return list(dict.fromkeys(map(change.counterpart, self.labels_in(answer))))

    def still_named(self, change: Change, answer: Answer) -> list[str]:
        """The same; a label without a counterpart keeps its name."""
        return list(dict.fromkeys(change.counterparts.get(name, name) for name in self.labels_in(answer)))

    def identities(self, spec: Spec, answer: Answer) -> Answer:
        """Each label's identity in place of its name, sorted."""
        return {"labels": sorted(spec.named[name].identity for name in self.labels_in(answer))}
