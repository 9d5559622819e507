"""What a project needs before its loop runs by itself: each floor registers the steps that it knows of.

A step is worked out from the rows each time: what was green once and is so no more comes back.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from labeling.access import Right

if TYPE_CHECKING:
    from labeling.models import Project


class State(StrEnum):
    """How a step stands. `WAITS`: something works at it, or it waits for an earlier one; nobody need do anything."""

    DONE = "done"
    OPEN = "to do"
    WAITS = "waits"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class Step:
    """One step: `said` is where it stands, with the cause where it does not; `button` leads to `url`, for `right`.

    `health`: the same in a few words, for the line that is left once all is done.
    """

    title: str
    state: State
    said: str
    url: str
    button: str
    right: Right = Right.VIEW
    health: str = ""

    @property
    def is_done(self) -> bool:
        return self.state == State.DONE


Ask = Callable[["Project"], Step]
_steps: dict[Ask, int] = {}


def register(order: int, ask: Ask) -> None:
    """Put a step into every project's list, by its order; once, however often it is registered."""
    _steps[ask] = order


@dataclass(frozen=True)
class Shown:
    """A step as somebody sees it: whether the button is theirs to press, and whether it is the next one."""

    step: Step
    is_open: bool
    is_next: bool


@dataclass(frozen=True)
class Checklist:
    """The steps in their order; `done` of them are."""

    rows: tuple[Shown, ...]

    @property
    def done(self) -> int:
        return sum(row.step.is_done for row in self.rows)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.rows)

    @property
    def health(self) -> list[str]:
        return [row.step.health for row in self.rows if row.step.health]


def checklist(project: "Project", rights: Collection[str]) -> Checklist:
    """How the project stands. The next step is the first that is to do, or in trouble, and open to these rights."""
    found = [ask(project) for ask in sorted(_steps, key=lambda ask: _steps[ask])]
    wanted = (State.OPEN, State.TROUBLE)
    following = next((step for step in found if step.state in wanted and step.right.value in rights), None)
    return Checklist(tuple(Shown(step, step.right.value in rights, step is following) for step in found))
