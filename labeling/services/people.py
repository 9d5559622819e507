"""People who may log in. Who gets in, and with which rights over all, administrators alone decide."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from common.actor import Actor
from common.problems import ConflictError
from labeling.access import user_behind
from labeling.models import User
from labeling.services import events
from labeling.services.sessions import end_access


@transaction.atomic
def create_user(actor: Actor, username: str, password: str, *, administrator: bool = False) -> User:
    """Somebody new: an administrator, or a person whose rights are the roles that follow. Raises `PermissionDenied`."""
    require_administrator(actor)
    user = User(username=User.normalize_username(username), is_staff=administrator, is_superuser=administrator)
    user.set_password(password)
    user.save()
    events.record(actor, "user.created", user, after={"administrator": administrator})
    return user


@transaction.atomic
def save_user(actor: Actor, user: User, fields: Iterable[str] = ()) -> None:
    """Keep a person, new or changed; `fields` are the names of what was changed.

    Raises `PermissionDenied`, and `ConflictError` where nobody would be left to administer.
    """
    require_administrator(actor)
    verb = "created" if user._state.adding else "changed"
    user.save()
    _keep_an_administrator()
    events.record(actor, f"user.{verb}", user, after={"fields": sorted(fields), "administrator": user.is_superuser})
    if not user.is_active:
        end_access(actor, user)


@transaction.atomic
def set_active(actor: Actor, people: Iterable[User], active: bool) -> int:
    """Let people in, or keep them out: what they did stays theirs, so nobody is deleted. How many it changed.

    Whoever is kept out is logged out, and their tokens are refused. Raises as `save_user`.
    """
    require_administrator(actor)
    rows = User.objects.filter(pk__in=[user.pk for user in people]).exclude(is_active=active)
    changed = list(rows.select_for_update())
    User.objects.filter(pk__in=[user.pk for user in changed]).update(is_active=active)
    _keep_an_administrator()
    for user in changed:
        events.record(actor, "user.activated" if active else "user.deactivated", user)
        if not active:
            end_access(actor, user)
    return len(changed)


def require_administrator(actor: Actor) -> None:
    """Raise `PermissionDenied` unless the actor is an administrator, or the system itself."""
    user = user_behind(actor)
    if not actor.is_system and (
        actor.token_id is not None or user is None or not (user.is_active and user.is_superuser)
    ):
        raise PermissionDenied("Only administrators decide who may log in. Ask one of them.")


def _keep_an_administrator() -> None:
    if not User.objects.filter(is_active=True, is_superuser=True).exists():
        raise ConflictError("Nobody would be left to administer Touchstone. Make somebody else an administrator first.")
