"""Write down what happened, in the transaction in which it happens."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection, models
from django.db.transaction import TransactionManagementError

from common import actor as actors
from common.actor import Actor
from common.request_id import request_id
from labeling import news
from labeling.models import Event, News, Project
from labeling.verbs import VERBS

# An id, a key, a state, a tag, a digest, a moment: nothing with a space in it, so that no text can be kept by mistake.
_PLAIN = re.compile(r"\S{0,200}")


def record(
    actor: Actor,
    verb: str,
    subject: models.Model,
    *,
    project: Project | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Event:
    """One event about `subject`; its project is found by itself where it has one.

    What is news (`labeling/news.py`) is put into the outbox with it. Of texts among the values only a digest is kept.
    Raises `TypeError` without an actor, `ValueError` for an unknown verb, and `TransactionManagementError` outside a
    transaction: the event comes with what it tells, or not at all.
    """
    actor = actors.required(actor)
    if verb not in VERBS:
        raise ValueError(f"Unknown verb {verb!r}; add it to labeling/verbs.py with its words.")
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"The event {verb} is written in the transaction of what it tells.")
    project = project or _project_of(subject)
    current = request_id.get()
    event = Event.objects.create(
        actor_kind=actor.kind.value,
        actor_name=actor.name,
        user_id=actor.user_id,
        token_id=actor.token_id,
        verb=verb,
        project_id=project.pk if project else None,
        project_key=project.key if project else "",
        subject_type=noun_of(subject),
        subject_uid=uid_of(subject),
        before=_plain(before or {}),
        after=_plain(after or {}),
        request_id="" if current == "-" else current,
    )
    kind = news.kind_of(verb)
    if kind and project is not None:
        News.objects.create(project=project, event=event, kind=kind)
    return event


def uid_of(row: models.Model) -> UUID:
    """The public id of a row; one made from its key where it is of a table that is not ours, such as a group."""
    found = getattr(row, "uid", None)
    return found if isinstance(found, UUID) else uuid5(NAMESPACE_OID, f"{row._meta.label_lower}:{row.pk}")


def noun_of(row: models.Model | type[models.Model]) -> str:
    """What a row is called in events, such as `training_run`."""
    return str(row._meta.verbose_name).lower().replace(" ", "_")


def _project_of(subject: models.Model) -> Project | None:
    found = subject if isinstance(subject, Project) else getattr(subject, "project", None)
    return found if isinstance(found, Project) else None


def _plain(value: Any) -> Any:
    """The value as JSON. Of what may be a text, such as the name that a server gives itself, only the digest stays."""
    if isinstance(value, Mapping):
        return {str(_plain(str(name))): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    text = str(value)
    return text if _PLAIN.fullmatch(text) else f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
