"""From one spec of a project to another: what became of its labels."""

from functools import cached_property

from labeling.kinds.base import NoLongerFitsError
from labeling.kinds.spec import Spec


class Change:
    """The spec that answers were given under, and the one that they are asked for; made once for many answers."""

    def __init__(self, given: Spec, asked: Spec) -> None:
        self.given, self.asked = given, asked

    @cached_property
    def counterparts(self) -> dict[str, str]:
        """The name today of each label that is still there, by its name then."""
        today = {identity: label.name for label in self.asked.labels for identity in (*label.merged, label.identity)}
        return {label.name: today[label.identity] for label in self.given.labels if label.identity in today}

    def counterpart(self, name: str) -> str:
        """The label's name today. Raises `NoLongerFitsError` where it was removed."""
        found = self.counterparts.get(name)
        if found is None:
            raise NoLongerFitsError(f"the label {name!r} was removed")
        return found
