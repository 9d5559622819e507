"""From the outbox to those who should know: one transaction for each news, so that nobody is told twice or left out."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from common.actor import ActorKind
from common.alone import alone
from common.queue import enqueue
from labeling import news
from labeling.models import Delivery, Digest, Event, News, Notification, User, Webhook
from labeling.services.news.audience import Wish, wishes
from labeling.verbs import VERBS

logger = logging.getLogger(__name__)
BATCH = 200
KEPT = timedelta(days=90)


def tell_all() -> int:
    """Tell what waits in the outbox, oldest first, `BATCH` at most; how many news were told."""
    waiting = News.objects.filter(told_at=None).order_by("id")
    if not waiting.exists():  # mostly: every few seconds, and no lock is asked for
        return 0
    with alone("labeling.tell") as mine:
        return sum(_try(row) for row in waiting.select_related("project", "event")[:BATCH]) if mine else 0


def _try(row: News) -> bool:
    try:
        return _tell(row)
    except Exception:  # a floor's sentence that fails must not hold up all the news behind it
        logger.exception("news %s could not be told; it is tried again in the next round", row.uid)
        return False


@transaction.atomic
def _tell(row: News) -> bool:
    told = _told(row.event)
    row.sentence, row.path, row.told_at = told.sentence[:300], told.path[:300], timezone.now()
    values = {"sentence": row.sentence, "path": row.path, "told_at": row.told_at}
    if not News.objects.filter(pk=row.pk, told_at=None).update(**values):
        return False
    if row.project.archived_at is None:
        _tell_people(row)
        _tell_programs(row)
    return True


def forget_old() -> int:
    """Delete what was told, mailed and sent long ago, `BATCH` rows of each at most; how many. Events stay."""
    old = timezone.now() - KEPT
    ended = [Delivery.State.DELIVERED, Delivery.State.FAILED]
    rows: list[QuerySet[Any]] = [
        Delivery.objects.filter(created_at__lt=old, state__in=ended),
        Digest.objects.filter(created_at__lt=old),
        News.objects.filter(told_at__lt=old),
    ]
    return sum(
        each.model._default_manager.filter(pk__in=list(each.values_list("pk", flat=True)[:BATCH])).delete()[0]
        for each in rows
    )


def _told(event: Event) -> news.Told:
    try:
        return news.told(event)
    except KeyError:  # written by another release
        who = "Touchstone" if event.actor_kind == ActorKind.SYSTEM else "Somebody"  # programs are told no names
        return news.Told(f"{who} {VERBS.get(event.verb, event.verb)}.")


def _tell_people(row: News) -> None:
    own = row.event.user_id if row.event.actor_kind == ActorKind.PERSON else None
    told = [(user, wish) for user, wish in wishes(row.project, row.kind) if user.pk != own]
    Notification.objects.bulk_create(
        [
            Notification(news=row, user=user, in_page=wish.in_page, digest=_mail_to(user, wish))
            for user, wish in told
            if wish.in_page or wish.by_mail
        ]
    )
    in_page = [user.pk for user, wish in told if wish.in_page]
    User.objects.filter(pk__in=in_page).update(unread_news=F("unread_news") + 1)


def _mail_to(user: User, wish: Wish) -> Digest | None:
    """The mail that gathers news for somebody; locked, so that it is not sent before this transaction is over."""
    if not (wish.by_mail and user.email and settings.MAIL_IS_SET_UP):
        return None
    gathering = Digest.objects.select_for_update().filter(user=user, state=Digest.State.WAITING, attempts=0)
    later = timezone.now() + timedelta(seconds=settings.NEWS_MAIL_SECONDS)
    return gathering.first() or Digest.objects.create(user=user, not_before=later)


def _tell_programs(row: News) -> None:
    rows = Webhook.objects.filter(project=row.project, is_active=True)
    made = [Delivery(webhook=each, news=row, kind=row.kind, body=body_of(row)) for each in _wanting(rows, row.kind)]
    if Delivery.objects.bulk_create(made):
        enqueue("labeling.deliver")


def _wanting(rows: Any, kind: str) -> Iterator[Webhook]:
    return (each for each in rows if kind in each.kinds)


def body_of(row: News) -> str:
    """What webhooks are sent: ids, states, figures and links, and no text that anybody typed."""
    event = row.event
    data = {
        "kind": row.kind,
        "project": event.project_key,
        "sentence": row.sentence,
        "url": link(row.path),
        "by": event.actor_kind,
        "subject": {"type": event.subject_type, "id": str(event.subject_uid)},
        "before": event.before,
        "after": event.after,
    }
    return json.dumps({"type": event.verb, "timestamp": event.at.isoformat(), "data": data})


def link(path: str) -> str:
    """A page's full address, where PUBLIC_URL says under which one people reach this installation."""
    return urljoin(settings.PUBLIC_URL, path) if path else ""
