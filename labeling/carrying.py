"""Answers given under one spec, read under another.

A stored answer holds names, and its row points to the spec that it was given under. A frozen spec binds each name to
the label's identity, so the two together say which labels were meant, whatever the labels are called today: renamed,
re-cased, reordered and merged labels are found again. Only a label that was removed, or a limit that was lowered,
leaves an answer out, and then the reason is said.
"""

from labeling.kinds import KINDS, MULTI_LABEL, Answer, AnswerError, Spec, canonical


class NoLongerFitsError(AnswerError):
    """An answer has no counterpart under the spec; the message is the reason, fit to be counted."""


class Carrier:
    """Reads answers in the stored form of one spec as answers to another; made once for many answers."""

    def __init__(self, given: Spec, asked: Spec) -> None:
        self.asked = asked
        self.same = given == asked or not KINDS[asked.kind].uses_labels
        today = {identity: label.name for label in asked.labels for identity in (*label.merged, label.identity)}
        self.counterparts = {label.name: today[label.identity] for label in given.labels if label.identity in today}

    def carry(self, answer: Answer) -> Answer:
        """The stored form under the new spec.

        Raises `NoLongerFitsError` where a label of it was removed, or more labels remain than the new spec allows.
        """
        if self.same:
            return canonical(self.asked, answer)
        labels = list(dict.fromkeys(map(self._counterpart, names_in(answer))))
        if self.asked.kind != MULTI_LABEL:
            return canonical(self.asked, labels[0])
        limit = self.asked.label_limit
        if len(labels) > limit:
            raise NoLongerFitsError(f"it has more than {limit} label{'s' if limit > 1 else ''}")
        return canonical(self.asked, labels)

    def carry_reading(self, answer: Answer) -> Answer:
        """The same for what a model said: a label without a counterpart keeps its name, and so counts as wrong."""
        if self.same:
            return answer
        names = list(dict.fromkeys(self.counterparts.get(name, name) for name in names_in(answer)))
        if self.asked.kind != MULTI_LABEL:
            return {"label": names[0]}
        known = [name for name in self.asked.label_names if name in names]
        return {"labels": known + [name for name in names if name not in known]}

    def _counterpart(self, name: str) -> str:
        found = self.counterparts.get(name)
        if found is None:
            raise NoLongerFitsError(f"the label {name!r} was removed")
        return found


def identities(answer: Answer, spec: Spec) -> Answer:
    """The answer with each label's identity in place of its name, sorted: equal for one answer in any wording."""
    if not KINDS[spec.kind].uses_labels:
        return answer
    return {"labels": sorted(spec.named[name].identity for name in names_in(answer))}


def names_in(answer: Answer) -> list[str]:
    """The labels' names in an answer of a kind with labels."""
    return [answer["label"]] if "label" in answer else list(answer["labels"])
