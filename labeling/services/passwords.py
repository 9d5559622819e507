"""New passwords: changed by their owner, by a link that an administrator makes, or by one that is mailed."""

import logging
from datetime import timedelta
from smtplib import SMTPException
from urllib.parse import urljoin

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError
from common.queue import enqueue
from labeling.access import user_behind
from labeling.models import User
from labeling.services import events
from labeling.services.logins import LOGIN, hold_back_resets
from labeling.services.sessions import end_sessions

logger = logging.getLogger(__name__)
# A mail that could not be sent within this time is not sent any more: whoever waits asks again.
MAIL_WITHIN = timedelta(hours=1)


def set_password(actor: Actor, user: User, password: str, *, how: str, keep: str | None = None) -> None:
    """Give `user` a new password; all sessions end but the one with the key `keep`. `how` is told in the event."""
    user.set_password(password)  # slow on purpose, so before the transaction
    with transaction.atomic():
        user.save(update_fields=["password"])
        password_changed(actor, user, how=how, keep=keep)


@transaction.atomic
def password_changed(actor: Actor, user: User, *, how: str, keep: str | None = None) -> None:
    """What follows a new password; call it in the transaction that keeps the password."""
    events.record(actor, "user.password_changed", user, after={"how": how})
    logger.info("password changed: user=%s by=%s how=%s", user, actor, how)
    end_sessions(actor, user, why="password", keep=keep)


@transaction.atomic
def make_link(actor: Actor, user: User) -> str:
    """The path of a page where whoever has the link sets a new password, once. Administrators make it."""
    who = user_behind(actor)
    if who is not None and not (who.is_superuser and who.is_active):
        raise PermissionDenied("Only an administrator makes a link for a new password.")
    if not user.is_active:
        raise ConflictError(f"{user} is deactivated: the link would open nothing.")
    events.record(actor, "user.link_made", user, after={"seconds": settings.PASSWORD_RESET_TIMEOUT})
    logger.info("link for a new password made: user=%s by=%s", user, actor)
    return _path(user)


def ask_reset(email: str, address: str) -> None:
    """Have a link mailed to whoever has this address. Known and unknown addresses take the same way.

    Raises `HeldBackError`.
    """
    counter = hold_back_resets(email, address)
    with transaction.atomic():
        owners = User.objects.filter(email__iexact=email, is_active=True)
        owners.update(reset_asked_at=timezone.now())
        events.record(LOGIN, "user.reset_asked", owners.first() or counter, after={"address": address})
    logger.info("new password asked for: address=%s", address)
    enqueue("labeling.mail_links")


def mail_links() -> int:
    """Mail the links that were asked for; how many were sent. What fails is tried again by the next sweep."""
    since = timezone.now() - MAIL_WITHIN
    waiting = User.objects.filter(reset_asked_at__gte=since, is_active=True)
    return sum(_mail(user) for user in waiting)


def _mail(user: User) -> bool:
    asked = user.reset_asked_at
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, reset_asked_at=asked).update(reset_asked_at=None):
            return False
        events.record(LOGIN, "user.link_mailed", user)
    context = {"user": user, "url": urljoin(settings.PUBLIC_URL, _path(user)), "hours": hours()}
    text = render_to_string("account/email/password_link.txt", context)
    try:
        send_mail("A new password for Touchstone", text, settings.DEFAULT_FROM_EMAIL, [user.email])
    except (SMTPException, OSError) as error:
        logger.error("the link for %s could not be mailed: %s", user, error)
        User.objects.filter(pk=user.pk, reset_asked_at=None).update(reset_asked_at=asked)
        return False
    return True


def hours() -> str:
    """How long a link is valid, in words."""
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"


def _path(user: User) -> str:
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
