"""Send what webhooks are to be told: signed, tried again for days, each try noted."""

import logging
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from common import leases, standard_webhooks
from common.actor import system
from common.alone import alone
from labeling.models import Delivery, Webhook
from labeling.services import events
from labeling.webhook_call import Outcome, call

logger = logging.getLogger(__name__)
State = Delivery.State
_WEBHOOKS = system("webhooks")
# A round ends then: receivers that hang take turns with all other short work of the queue.
ROUND_SECONDS = 30.0
# After a failure a webhook's other messages wait so long: receivers that hang take few tries, however many there wait.
REST = timedelta(minutes=1)
# Of each message so many tries are kept: all of one way through the schedule, and some by hand.
KEPT_TRIES = 30
_STALE = "SECRET_KEY is not the one that this webhook's secret was made with: rotate the secret."


def due() -> QuerySet[Delivery]:
    """Messages to be sent now, those of fewer tries first, and those whose sender was lost."""
    waiting = Q(state=State.WAITING, not_before__lte=Now())
    rows = Delivery.objects.filter(waiting | Q(state=State.SENDING) & leases.expired())
    return rows.filter(webhook__is_active=True, webhook__project__archived_at=None).order_by("attempts", "id")


def deliver_due() -> int:
    """Send what is due, one after the other; how many were delivered. After a failure a webhook rests for the round."""
    delivered, resting = 0, set[int]()
    until = time.monotonic() + ROUND_SECONDS
    with alone("labeling.deliver") as mine:
        while mine and time.monotonic() < until:
            row = due().exclude(webhook__in=resting).only("pk", "webhook_id").first()
            if row is None:
                break
            if deliver(row.pk):
                delivered += 1
            else:
                resting.add(row.webhook_id)
    return delivered


def deliver(pk: int) -> bool:
    """Send one message, if it waits; whether it was delivered."""
    token = leases.claim(Delivery, pk, waiting=[State.WAITING], working=State.SENDING)
    if token is None:
        return False
    row = Delivery.objects.select_related("webhook__project").get(pk=pk)
    at = timezone.now()
    with leases.heartbeat(Delivery, pk, token):
        outcome = _send(row, int(at.timestamp()))
    entry = {"at": at.isoformat(), "status": outcome.status, "ms": outcome.milliseconds, "said": outcome.said}
    try:
        _keep(row, token, outcome, entry)
    except leases.LeaseLostError:  # the webhook was removed meanwhile, or somebody else sends it
        return False
    if not outcome.is_delivered:
        logger.warning("webhook %s: message %s: %s %r", row.webhook.uid, row, outcome.status, outcome.said[:100])
    return outcome.is_delivered


@transaction.atomic
def _keep(row: Delivery, token: UUID, outcome: Outcome, entry: dict[str, Any]) -> None:
    """What came of a try. The webhook is locked first, as by whoever switches it off: then nothing waits behind it."""
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=row.webhook_id, is_active=True)
    state, values = after(outcome, row.attempts)
    if webhook.first() is None and state == State.WAITING:
        state = State.FAILED
    if not outcome.is_delivered:
        until = timezone.now() + REST
        others = Delivery.objects.filter(webhook=row.webhook_id, state=State.WAITING, not_before__lt=until)
        others.update(not_before=until)
    leases.finish(Delivery, row.pk, token, state=state, tries=[*row.tries, entry][-KEPT_TRIES:], **values)
    if outcome.is_gone:
        switch_off(row.webhook, "It answered 410: it wants no more.")


def _send(row: Delivery, timestamp: int) -> Outcome:
    webhook, body = row.webhook, row.body.encode()
    if webhook.fingerprint != webhook.fingerprint_now():
        return Outcome(None, _STALE, 0.0)
    headers = standard_webhooks.headers(webhook.secrets(), row.message_id, timestamp, body)
    return call(webhook.url, headers, body)


def after(outcome: Outcome, tries: int) -> tuple[str, dict[str, Any]]:
    """What becomes of a message after so many tries: its state, and what else its row says."""
    if outcome.is_delivered:
        return State.DELIVERED, {"delivered_at": timezone.now()}
    wait = None if outcome.is_gone else standard_webhooks.wait_after(tries)
    if wait is None:
        return State.FAILED, {}
    return State.WAITING, {"not_before": timezone.now() + timedelta(seconds=wait)}


def switch_off(webhook: Webhook, why: str) -> None:
    """In a transaction: nothing more is sent there, what waited included, until somebody switches it on again."""
    if Webhook.objects.filter(pk=webhook.pk, is_active=True).update(is_active=False, why_off=why):
        Delivery.objects.filter(webhook=webhook, state=State.WAITING).update(state=State.FAILED)
        events.record(_WEBHOOKS, "webhook.switched_off", webhook, after={"status": 410})
