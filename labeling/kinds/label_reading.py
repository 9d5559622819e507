"""Which labels a model's value gives: an object with the key, a list, objects that each name one, numbers, words."""

import json
from typing import Any

from labeling.kinds.base import AnswerError, shown
from labeling.kinds.phrases import ANSWERING, NAMING, NOTHING, SCORING
from labeling.kinds.reading import denies_key, excludes_key, explains_key, keys_of, under_key
from labeling.kinds.spec import Spec, find_label, fold
from labeling.kinds.words import find_names, given_names


class LabelReader:
    """Reads one value for a kind whose labels stand under `key`; what had to be mended goes into `repairs`.

    Raises `AnswerError` where the value gives no labels, or says two things.
    """

    def __init__(self, spec: Spec, key: str, takes_several: bool, repairs: list[str]) -> None:
        self.spec, self.key, self.takes_several, self.repairs = spec, key, takes_several, repairs

    def claims(self, value: Any) -> bool:
        """Whether a value gives an answer, or tries to; else it is chatter."""
        if isinstance(value, dict):
            return bool(keys_of(value, self.key))
        return isinstance(value, list) and any(map(self._names_one, value))

    def _names_one(self, item: Any) -> bool:
        if isinstance(item, dict):
            return any(fold(name) in NAMING for name in item)
        return bool(find_names(self.spec.label_names, json.dumps(item, ensure_ascii=False)).places)

    def labels(self, value: Any) -> list[str]:
        """The labels' names, each once."""
        if isinstance(value, dict):
            return self._in_object(value)
        if isinstance(value, list) and value and all(self._is_whole(item) for item in value):
            return self._agreed([self._in_object(item) for item in value])
        if value is None:
            raise AnswerError("The answer is null, which names no label.")
        bare = isinstance(value, list)
        self.repairs.append("a bare list taken as the labels" if bare else "a bare text taken as the label")
        return self._in_content(value)

    def _is_whole(self, item: Any) -> bool:
        """Whether an item of a list is an answer by itself."""
        return isinstance(item, dict) and any(fold(name) == self.key for name in item)

    def _agreed(self, answers: list[list[str]]) -> list[str]:
        if any(set(answer) != set(answers[0]) for answer in answers):
            raise AnswerError(f"The model gave {len(answers)} different answers in one.")
        alone = len(answers) == 1
        self.repairs.append("one answer taken out of a list" if alone else "the same answer given several times")
        return answers[0]

    def _in_object(self, value: dict[str, Any]) -> list[str]:
        """What stands under the key, or in an object there; nothing beside it may say something else."""
        content = under_key(value, self.key, self.repairs)
        is_wrapped = isinstance(content, dict) and keys_of(content, self.key)
        labels = self._in_object(content) if is_wrapped else self._in_content(content)
        read = keys_of(value, self.key)
        for name, other in value.items():
            if name not in read and not explains_key(name):
                self._check_beside(name, other, set(labels))
        return labels

    def _check_beside(self, name: str, other: Any, given: set[str]) -> None:
        """Raise where another key holds labels: other ones than the answer, or these as what it leaves out."""
        found = find_names(self.spec.label_names, json.dumps(other, ensure_ascii=False)).names
        labels = {label for each in found for label in self.spec.folded.get(fold(each), ())}
        if excludes_key(name):
            if labels & given:
                raise AnswerError(f"The key {name!r} takes the answer back.")
        elif labels and not (fold(name) in ANSWERING and labels == given):
            raise AnswerError(f"The key {name!r} names labels as well.")

    def _in_content(self, content: Any) -> list[str]:
        """A name, a text with names, or a list of these."""
        is_list = isinstance(content, list)
        if is_list != self.takes_several:
            self.repairs.append("a list taken as one label" if is_list else "one label taken as a list")
        items = content if is_list else [content]
        if self.takes_several and len(items) == 1 and self._is_nothing(items[0]):
            self.repairs.append(f"{shown(items[0])} taken as no label")
            return []
        if len(items) > 1 and any(self._has_score(item) for item in items):
            raise AnswerError("The labels have scores, and nothing says which of them are the answer.")
        labels = [label for item in items for label in self._in_item(item)]
        once = list(dict.fromkeys(labels))
        if len(once) < len(labels):
            self.repairs.append("a repeated label taken once")
        return once

    def _is_nothing(self, item: Any) -> bool:
        """Null, or a word for it that is no label."""
        said = "null" if item is None else item
        return isinstance(said, str) and fold(said) in NOTHING and fold(said) not in self.spec.folded

    @staticmethod
    def _has_score(item: Any) -> bool:
        return isinstance(item, dict) and any(fold(name) in SCORING for name in item)

    def _in_item(self, item: Any) -> list[str]:
        """The labels that one item names; a text may name several."""
        name = self._named(item) if isinstance(item, dict) else item
        names = [name]
        if isinstance(name, str) and name not in self.spec.named and fold(name) not in self.spec.folded:
            given = given_names(self.spec.label_names, name)
            if given:
                self.repairs.append("labels taken out of words")
                names = list(given)
        labels = [find_label(self.spec, each) for each in names]
        for each, label in zip(names, labels, strict=True):
            if each != label:
                self.repairs.append(f"the label {each!r} read as {label!r}")
        return labels

    def _named(self, item: dict[str, Any]) -> Any:
        """What an object in a list names, where that is all that it says."""
        said = {name: value for name, value in item.items() if not explains_key(name)}
        if len(said) != 1 or fold(next(iter(said))) not in NAMING or denies_key(next(iter(said))):
            raise AnswerError(f"{shown(item)} is not the name of a label; give label names as text.")
        self.repairs.append("an object taken as a label")
        return next(iter(said.values()))
