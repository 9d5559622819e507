"""Answers given under one spec, read under another.

A stored answer holds names, and its row points to the spec that it was given under. A frozen spec binds each name to
the label's identity, so the two together say which labels were meant, whatever the labels are called today: renamed,
re-cased, reordered and merged labels are found again. What of an answer is carried is its kind's business; what leaves
one out (a label that was removed, a limit that was lowered) says so.
"""

from labeling.kinds import Answer, Change, Spec, kind_of


class Carrier:
    """Reads answers in the stored form of one spec as answers to another; made once for many answers."""

    def __init__(self, given: Spec, asked: Spec) -> None:
        self.asked = asked
        self.kind, self.change, self.same = kind_of(asked), Change(given, asked), given == asked

    def carry(self, answer: Answer) -> Answer:
        """The stored form under the new spec. Raises `NoLongerFitsError` with the reason where there is none."""
        return self.kind.carry(self.change, answer)

    def carry_reading(self, answer: Answer) -> Answer:
        """The same for what a model said: what has no counterpart keeps its name, and so counts as wrong."""
        return answer if self.same else self.kind.carry_reading(self.change, answer)
