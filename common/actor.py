"""Who acts: a person, a token in its owner's name, or a job of the system. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    PERSON = "person"
    TOKEN = "token"  # noqa: S105  a kind, no password
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Every mutating service is told who acts. `user_id` is the person, or the token's owner; None for the system."""

    kind: ActorKind
    name: str
    user_id: int | None = None
    token_id: int | None = None
    scopes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def is_system(self) -> bool:
        return self.kind is ActorKind.SYSTEM

    @property
    def person_id(self) -> int:
        """The user who acts. Raises `TypeError` for the system: some things only a person can do."""
        if self.user_id is None:
            raise TypeError(f"Only a person can do this, and {self.name} is a job of the system.")
        return self.user_id


def person(user_id: int, name: str) -> Actor:
    """A person who is logged in, or in whose name a command runs."""
    return Actor(ActorKind.PERSON, name, user_id)


def token(token_id: int, name: str, owner_id: int, scopes: tuple[str, ...]) -> Actor:
    """A program with a token: it may what the token's scopes and its owner's rights both allow."""
    return Actor(ActorKind.TOKEN, name, owner_id, token_id, scopes)


def system(job: str) -> Actor:
    """Touchstone itself, at the job of that name."""
    return Actor(ActorKind.SYSTEM, job)


def required(actor: object) -> Actor:
    """The actor itself; `TypeError` for anything else, as a forgotten actor must not pass for the system."""
    if not isinstance(actor, Actor):
        raise TypeError(f"An actor is needed, not {actor!r}.")
    return actor
