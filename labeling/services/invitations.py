"""Links by which managers let people in: made once, shown once, good for one person.

Whoever has no account makes one by it, where `INVITED_MAY_SIGN_UP` says so; it has no right but that role.
"""

import hashlib
import logging
import secrets
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, acting, may, require, user_behind
from labeling.models import Invitation, LoginCounter, Membership, Project, Role, User
from labeling.services import events
from labeling.services.logins import LOGIN, count_stranger, forget_attempts

logger = logging.getLogger(__name__)
MOST_OPEN = 200
LONGEST_DAYS = 30


class InvitationEndedError(ConflictError):
    """The token is none, or none any more."""

    def __init__(self) -> None:
        super().__init__(
            "This link opens nothing: it was used, taken back, has ended, or was not copied whole. Ask a manager of "
            "the project for a new one."
        )


@transaction.atomic
def invite(
    actor: Actor, project: Project, role: str, *, ends_on: date | None = None, days: int = 7, name: str = ""
) -> tuple[Invitation, str]:
    """An invitation for `days`, and the path of its page with the token, which is kept nowhere.

    `ends_on`: the last day of the role. The token stands after `#`, so no log has it. Raises `ProblemError`.
    """
    require(actor, project, Right.MANAGE)
    require_role(role)
    require_to_come(ends_on)
    if not 1 <= days <= LONGEST_DAYS:
        raise ProblemError(f"A link is good for 1 to {LONGEST_DAYS} days.")
    if project.invitations.open().count() >= MOST_OPEN:
        raise ConflictError(f"{MOST_OPEN} links are open already: take back those that nobody needs.")
    token, maker = secrets.token_urlsafe(32), user_behind(actor)
    row = Invitation.objects.create(
        project=project, role=role, ends_on=ends_on, name=name, digest=_digest(token), made_by=maker,
        expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    events.record(actor, "invitation.made", row, after={"role": role, "ends_on": ends_on, "days": days})
    return row, f"{reverse('invitation')}#{token}"


@transaction.atomic
def revoke_invitation(actor: Actor, project: Project, invitation: Invitation) -> bool:
    """Take a link back; False where it had been used, or taken back, before."""
    require(actor, project, Right.MANAGE)
    if invitation.project_id != project.pk:
        raise ProblemError("This invitation belongs to another project.")
    found = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    revoked = bool(found.update(revoked_at=timezone.now()))
    if revoked:
        events.record(actor, "invitation.revoked", invitation, after={"role": invitation.role})
    return revoked


def invitation_of(token: str, address: str) -> Invitation:
    """The invitation that somebody follows. `address` is where they come from.

    It is asked for before anything else that they sent is looked at: whoever has none learns nothing, and is held back
    as with log-ins.

    Raises `InvitationEndedError`, `HeldBackError`.
    """
    counter = count_stranger(address)
    row = Invitation.objects.open().select_related("project", "made_by").filter(digest=_digest(token)).first()
    # What somebody promised who may promise nothing any more is no invitation.
    if row is None or row.made_by is None or not may(acting(row.made_by), row.project, Right.MANAGE):
        _refused(counter, address)
        raise InvitationEndedError
    forget_attempts([counter])
    return row


@transaction.atomic
def accept_as(user: User, invitation: Invitation) -> Membership:
    """Give somebody who is logged in the role of the invitation.

    Raises `InvitationEndedError`, and `ConflictError` where they have a role there.
    """
    return _use(invitation, user)


def accept_as_new(username: str, password: str, invitation: Invitation) -> User:
    """Make an account, with a name and a password that a form has looked at, and give it the role.

    Raises as `accept_as`, and `PermissionDenied` where invitations make no accounts.
    """
    if not settings.INVITED_MAY_SIGN_UP:
        raise PermissionDenied("Invitations make no accounts here: ask an administrator for one, then follow the link.")
    user = User(username=User.normalize_username(username))
    user.set_password(password)  # slow on purpose, so before the transaction
    try:
        with transaction.atomic():
            user.save()
            events.record(acting(user), "user.created", user, after={"administrator": False, "how": "invitation"})
            _use(invitation, user)
    except IntegrityError as error:
        raise ConflictError("Somebody has just taken this user name: choose another one.") from error
    logger.info("account made by an invitation: user=%s project=%s", user, invitation.project.key)
    return user


def _use(invitation: Invitation, user: User) -> Membership:
    now = timezone.now()
    if not Invitation.objects.open().filter(pk=invitation.pk).update(used_at=now, used_by=user):
        raise InvitationEndedError
    there = Membership.objects.select_for_update().filter(project=invitation.project, user=user).first()
    if there is not None and not there.has_ended:
        raise ConflictError(
            f"You have a role in {invitation.project} already ({there.get_role_display()}). A manager changes it on "
            "the page of the members; the link stays good for somebody else."
        )
    given = {"role": invitation.role, "ends_on": invitation.ends_on}
    row, _ = Membership.objects.update_or_create(project=invitation.project, user=user, defaults=given)
    after = {"user": user.uid, "role": row.role, "ends_on": row.ends_on, "membership": row.uid}
    events.record(acting(user), "invitation.used", invitation, after=after)
    return row


def require_role(role: str) -> None:
    """Raise `ProblemError` for a role that is none."""
    if role not in Role.values:
        raise ProblemError(f"Unknown role {role!r}; choose one of {', '.join(Role.values)}.")


def require_to_come(day: date | None) -> None:
    """Raise `ProblemError` for a last day that is over."""
    if day is not None and day < timezone.localdate():
        raise ProblemError(f"The last day {day} is over: choose today or a later one, or none.")


@transaction.atomic
def _refused(counter: LoginCounter, address: str) -> None:
    after = {"address": address}
    events.record(LOGIN, "invitation.refused", counter, after=after)
    logger.warning("invitation refused: address=%s", address)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
