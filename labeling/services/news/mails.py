"""News by mail: one mail for all that came within a few minutes, tried again where the mail server does not take it."""

import logging
import time
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from common import leases
from common.alone import alone
from labeling.access import projects_for
from labeling.models import Digest, News
from labeling.services.news.outbox import link

logger = logging.getLogger(__name__)
State = Digest.State
# Minutes until the next try.
_WAITS = (1, 5, 30, 120)
# So many of a mail's news are written out; the rest is a number.
SHOWN = 50
# A round ends then, and at the first mail that could not be handed over: others have their turn.
ROUND_SECONDS = 30.0


def due() -> QuerySet[Digest]:
    """Mails to be sent now, and those whose sender was lost."""
    waiting = Q(state=State.WAITING, not_before__lte=Now())
    return Digest.objects.filter(waiting | Q(state=State.SENDING) & leases.expired()).order_by("id")


def send_due() -> int:
    """Send the mails that are due, one after the other; how many were."""
    sent, until = 0, time.monotonic() + ROUND_SECONDS
    # Under one name with webhooks: a mail server that hangs, and receivers, together take one place of the queue.
    with alone("labeling.deliver") as mine:
        while mine and time.monotonic() < until:
            row = due().only("pk").first()
            state = _send(row.pk) if row else None
            sent += state == State.SENT
            if state in (None, State.WAITING):
                break
    return sent


def _send(pk: int) -> str | None:
    """The state that the mail is in then; None where it is not ours to send."""
    token = leases.claim(Digest, pk, waiting=[State.WAITING], working=State.SENDING)
    if token is None:
        return None
    row = Digest.objects.select_related("user").get(pk=pk)
    state, values = _outcome(row)
    try:
        leases.finish(Digest, pk, token, state=state, **values)
    except leases.LeaseLostError:  # its reader was removed meanwhile
        return None
    return state


def _outcome(row: Digest) -> tuple[str, dict[str, Any]]:
    rows = _news(row)
    if not (row.user.is_active and row.user.email and settings.MAIL_IS_SET_UP):
        return State.FAILED, {"error": "There is nobody to mail to, or no mail server."}
    try:
        if rows:
            _mail(row, rows).send()
    except (SMTPException, OSError, ValueError) as error:  # ValueError: an address that no header can hold
        logger.error("news for %s could not be mailed: %s", row.user, error)
        if row.attempts > len(_WAITS):
            return State.FAILED, {"error": str(error)}
        later = timezone.now() + timedelta(minutes=_WAITS[row.attempts - 1])
        return State.WAITING, {"error": str(error), "not_before": later}
    return State.SENT, {"error": ""}


def _news(row: Digest) -> list[News]:
    """What the mail tells of; what its reader may see no more is left out."""
    told = News.objects.filter(notifications__digest=row, project__in=projects_for(row.user))
    return list(told.select_related("project", "event").order_by("project__name", "id"))


def _mail(row: Digest, rows: list[News]) -> EmailMultiAlternatives:
    """The same id at every try, so that a mail that was taken twice is shown once."""
    where = link(reverse("news_settings"))
    shown = [(each, link(each.path)) for each in rows[:SHOWN]]
    context = {"rows": shown, "more": len(rows) - len(shown), "user": row.user, "settings": where}
    subject = rows[0].sentence if len(rows) == 1 else f"{len(rows)} news"
    if len({each.project_id for each in rows}) == 1:
        subject = f"{rows[0].project.name}: {subject}"
    mail = EmailMultiAlternatives(
        " ".join(subject.split()),  # a name may have ends of lines, a header may not
        render_to_string("account/email/news.txt", context),
        settings.DEFAULT_FROM_EMAIL,
        [row.user.email],
        headers={
            "Message-ID": f"<{row.uid}@touchstone>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{where}>",
        },
    )
    mail.attach_alternative(render_to_string("account/email/news.html", context), "text/html")
    return mail
