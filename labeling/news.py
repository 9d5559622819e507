"""What of all that happens is news, and for whom: kinds of news, and the verbs that each floor registers for them.

A higher floor registers in its `apps.py`: `news.register("run_ended", "run.failed", tell)`. `tell` is given the event
and says a sentence for people, without texts of samples, and the path of the page that says more. A state, rather than
a change, is registered with `register_lasting`: it is news when it begins, and when it is over.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.access import Right
from labeling.models import Event
from labeling.verbs import VERBS


@dataclass(frozen=True)
class Kind:
    """One kind of news. Whoever has `right` is told in the page unless they say otherwise, and by mail if `by_mail`."""

    title: str
    says: str
    right: Right
    by_mail: bool = False


KINDS: dict[str, Kind] = {
    "run_ended": Kind("A training run ended", "It succeeded, failed or was cancelled.", Right.OPERATE),
    "verdict": Kind("A verdict", "The gate judged a version.", Right.OPERATE),
    "promotion": Kind("A promotion", "Another version is live, or its move was given up.", Right.VIEW),
    "rollback": Kind("A rollback", "An earlier version is live again.", Right.VIEW, by_mail=True),
    "banner": Kind("A banner", "Something waits for a decision, or does so no more.", Right.OPERATE, by_mail=True),
    "queue_empty": Kind("The review queue", "It is empty, or has texts again.", Right.REVIEW),
    "worker_gone": Kind(
        "A worker is gone", "What waits is taken by no worker, or is again.", Right.OPERATE, by_mail=True
    ),
}


@dataclass(frozen=True)
class Told:
    """News as people read it."""

    sentence: str
    path: str = ""


Teller = Callable[[Event], Told]
Found = Mapping[str, Iterable[int]]


@dataclass(frozen=True)
class Lasting:
    """A state that is looked for: `find` says its names, each with the ids of the projects where it is so now.

    `details` are told with an event of that name.
    """

    begins: str
    over: str
    find: Callable[[], Found]
    details: Callable[[str], dict[str, Any]] = lambda name: {}


_tellers: dict[str, tuple[str, Teller]] = {}
_lasting: dict[str, Lasting] = {}


def register(kind: str, verb: str, tell: Teller) -> None:
    """Events of `verb` are news of `kind`."""
    if kind not in KINDS or verb not in VERBS:
        raise ValueError(f"{kind!r} is no kind of news, or {verb!r} no verb.")
    _tellers[verb] = (kind, tell)


def register_lasting(name: str, state: Lasting) -> None:
    """Look for `state` at every round; its two verbs are registered as news besides."""
    _lasting[name] = state


def lasting() -> Mapping[str, Lasting]:
    """All states that are looked for."""
    return _lasting


def kind_of(verb: str) -> str:
    """The kind of news that events of a verb are; empty where they are none."""
    return _tellers[verb][0] if verb in _tellers else ""


def verbs() -> list[str]:
    """All verbs that are news."""
    return sorted(_tellers)


def told(event: Event) -> Told:
    """The news that an event is. `KeyError` where it is none."""
    return _tellers[event.verb][1](event)


def short(event: Event) -> str:
    """How people name the event's subject: the start of its public id."""
    return str(event.subject_uid)[:8]
