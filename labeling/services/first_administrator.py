"""The first administrator: made by whoever has the link that the host printed, and never where there are users."""

import hashlib
import hmac
import logging
import secrets
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import acting
from labeling.models import FirstLink, LoginCounter, User
from labeling.services import events
from labeling.services.logins import LOGIN, count_stranger, forget_attempts

logger = logging.getLogger(__name__)
VALID = timedelta(hours=1)


class LinkEndedError(ConflictError):
    """The token is none, or none any more."""

    def __init__(self) -> None:
        super().__init__(
            "This link opens nothing: it is older than an hour, a newer one was printed, or it was not copied whole. "
            "Start `make serve` again, or use `manage.py first_administrator`: each prints a new one."
        )


class UsersThereError(ConflictError):
    """Somebody can log in, so a link makes nobody an administrator."""

    def __init__(self) -> None:
        super().__init__(
            "Touchstone has users already, so no link makes an administrator. Log in, or ask an administrator for an "
            "account."
        )


@transaction.atomic
def make_first_link(actor: Actor) -> str:
    """The path of the page that makes the first administrator, with a new token; the link before it ends.

    The token stands after `#`, so no browser sends it on, and only its SHA-256 is kept. Raises `PermissionDenied`, and
    `UsersThereError` where there are users.
    """
    if not actor.is_system:
        raise PermissionDenied("The link for the first administrator is printed on the host alone.")
    _one_at_a_time()
    _require_nobody()
    token = secrets.token_urlsafe(32)
    FirstLink.objects.all().delete()
    link = FirstLink.objects.create(digest=_digest(token), expires_at=timezone.now() + VALID)
    events.record(actor, "user.first_link_made", link, after={"seconds": int(VALID.total_seconds())})
    return f"{reverse('first_administrator')}#{token}"


def make_first_administrator(token: str, username: str, password: str, address: str) -> User:
    """The first administrator, with a name and a password that a form has looked at. `address` is where it came from.

    Raises `HeldBackError`, `LinkEndedError`, `UsersThereError`, and `UnavailableError` where very many log in.
    """
    _require_nobody()
    counter = count_stranger(address)
    link = _link_of(token)
    if link is None:
        _refused(counter, address)
        raise LinkEndedError
    user = User(username=User.normalize_username(username), is_staff=True, is_superuser=True)
    try:
        user.set_password(password)  # slow on purpose, so before the transaction
        _keep(link, user)
    except ProblemError:
        forget_attempts([counter])
        raise
    forget_attempts([counter])
    logger.info("first administrator made: user=%s address=%s", user, address)
    return user


@transaction.atomic
def _keep(link: FirstLink, user: User) -> None:
    """Use the link up and make the person, in one. Of two who come at once the second finds a user there."""
    _one_at_a_time()
    _require_nobody()
    deleted, _ = FirstLink.objects.filter(pk=link.pk, expires_at__gt=timezone.now()).delete()
    if not deleted:
        raise LinkEndedError
    user.save()
    events.record(acting(user), "user.created", user, after={"administrator": True, "how": "first-link"})


def _one_at_a_time() -> None:
    """Until this transaction ends nobody else makes a user, by whatever door."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {connection.ops.quote_name(User._meta.db_table)} IN SHARE ROW EXCLUSIVE MODE")


def _require_nobody() -> None:
    if User.objects.exists():
        raise UsersThereError


def _link_of(token: str) -> FirstLink | None:
    """The link with this token, compared in a time that tells nothing of it."""
    link = FirstLink.objects.filter(expires_at__gt=timezone.now()).first()
    return link if link is not None and hmac.compare_digest(link.digest, _digest(token)) else None


@transaction.atomic
def _refused(counter: LoginCounter, address: str) -> None:
    after = {"address": address, "failures": round(counter.level)}
    events.record(LOGIN, "user.first_link_refused", counter, after=after)
    logger.warning("link for the first administrator refused: address=%s", address)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
