"""Who is logged in from where, and the end of that: by the person, by an administrator, by time."""

import logging
from collections.abc import Iterable
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from labeling.access import user_behind
from labeling.models import ApiToken, User
from labeling.services import events
from labeling.services.logins import LOGIN, short

logger = logging.getLogger(__name__)


def sessions_of(user: User) -> list[UserSession]:
    """The sessions that are in force, the one that was used last first."""
    rows: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(rows, key=lambda row: row.last_seen_at, reverse=True)


@transaction.atomic
def end_session(actor: Actor, user: User, number: int) -> bool:
    """End one session of `user` at once; False where it had ended before."""
    return bool(_end(actor, user, UserSession.objects.filter(user=user, pk=number), "asked"))


@transaction.atomic
def end_sessions(actor: Actor, user: User, *, why: str = "asked", keep: str | None = None) -> int:
    """End all sessions of `user` at once, but for the one with the key `keep`; how many there were.

    People end their own; for those of others one has to be an administrator.
    """
    who = user_behind(actor)
    if who is not None and who.pk != user.pk and not who.is_superuser:
        raise PermissionDenied("Only an administrator ends the sessions of others.")
    return _end(actor, user, UserSession.objects.filter(user=user).exclude(session_key=keep), why)


@transaction.atomic
def end_access(actor: Actor, user: User) -> None:
    """A deactivated user's sessions and tokens end at once, and stay ended should the account come back."""
    _end(actor, user, UserSession.objects.filter(user=user), "deactivated")
    for token in ApiToken.objects.select_for_update().filter(owner=user, revoked_at=None):
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now())
        events.record(actor, "token.revoked", token)


@transaction.atomic
def expire_session(user: User, session_key: str, why: str) -> None:
    """A session is over by time: `idle` or `absolute`."""
    UserSession.objects.filter(session_key=session_key).delete()
    events.record(LOGIN, "user.session_ended", user, after={"sessions": [short(session_key)], "why": why})
    logger.info("session ended: user=%s why=%s session=%s", user, why, short(session_key))


def seen(session_key: str, address: str) -> None:
    """A sign of life, for the list of sessions."""
    UserSession.objects.filter(session_key=session_key).update(last_seen_at=timezone.now(), ip=address)


def forget_old_sessions() -> None:
    """Remove sessions that are over, and the rows that listed them."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    alive = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects.values("session_key")
    UserSession.objects.exclude(session_key__in=alive).delete()


def _end(actor: Actor, user: User, rows: Iterable[UserSession], why: str) -> int:
    ended = []
    for row in rows:
        row.end()
        ended.append(short(row.session_key))
    if ended:
        events.record(actor, "user.session_ended", user, after={"sessions": ended, "why": why})
        logger.info("session ended: user=%s by=%s why=%s sessions=%s", user, actor, why, ",".join(ended))
    return len(ended)
