"""Webhooks of a project: its managers add them, give them new secrets, switch them off, and look at what was sent."""

import json
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from common.addresses import AddressError
from common.problems import ConflictError, ProblemError
from common.queue import enqueue
from labeling import news
from labeling.access import Right, require
from labeling.models import Delivery, Project, Webhook
from labeling.services import events
from labeling.webhook_call import checked_address

State = Delivery.State
MOST = 20
# Both secrets sign for so long after a rotation.
BOTH_VALID = timedelta(days=1)
TEST = "test"


@transaction.atomic
def add_webhook(actor: Actor, project: Project, url: str, kinds: Sequence[str]) -> Webhook:
    """Send the project's news of these kinds to `url`; the secret is `webhook.secret()`. Raises `ProblemError`."""
    require(actor, project, Right.MANAGE)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if project.webhooks.count() >= MOST:
        raise ConflictError(f"A project has {MOST} webhooks at most. Remove one first.")
    webhook = Webhook(project=project, url=_address(url), kinds=_kinds(kinds))
    webhook.fingerprint = webhook.fingerprint_now()
    webhook.save()
    events.record(actor, "webhook.added", webhook, after={"kinds": webhook.kinds})
    return webhook


@transaction.atomic
def change_webhook(actor: Actor, webhook: Webhook, url: str, kinds: Sequence[str]) -> None:
    """Another address, or other kinds of news, from the next one on; what waits goes to the new address, too."""
    require(actor, webhook.project, Right.MANAGE)
    before = {"kinds": webhook.kinds}
    webhook.url, webhook.kinds = _address(url), _kinds(kinds)
    webhook.save(update_fields=["url", "kinds"])
    events.record(actor, "webhook.changed", webhook, before=before, after={"kinds": webhook.kinds})


@transaction.atomic
def rotate_secret(actor: Actor, webhook: Webhook) -> str:
    """A new secret; the one before signs as well for a day. `ConflictError` while there are two already."""
    require(actor, webhook.project, Right.MANAGE)
    locked = Webhook.objects.select_for_update().get(pk=webhook.pk)
    now = timezone.now()
    if locked.old_secret_until and locked.old_secret_until > now:
        raise ConflictError(
            f"The secret before is still valid, until {locked.old_secret_until:%Y-%m-%d %H:%M} UTC. A third one "
            "would end it at once, and what the receiver knows with it. Wait until then."
        )
    was_well = locked.fingerprint == locked.fingerprint_now()
    locked.secret_number += 1
    locked.old_secret_until = now + BOTH_VALID if was_well else None
    locked.fingerprint = locked.fingerprint_now()
    locked.save(update_fields=["secret_number", "old_secret_until", "fingerprint"])
    events.record(actor, "webhook.secret_rotated", locked, after={"number": locked.secret_number})
    return locked.secret()


@transaction.atomic
def switch_webhook(actor: Actor, webhook: Webhook, *, on: bool) -> bool:
    """Send there again, or no more; False where it was so already. What waits when it is switched off is not sent."""
    require(actor, webhook.project, Right.MANAGE)
    why = "" if on else "Switched off by a manager."
    if not Webhook.objects.filter(pk=webhook.pk, is_active=not on).update(is_active=on, why_off=why):
        return False
    if not on:
        Delivery.objects.filter(webhook=webhook, state=State.WAITING).update(state=State.FAILED)
    events.record(actor, "webhook.switched_on" if on else "webhook.switched_off", webhook)
    return True


@transaction.atomic
def remove_webhook(actor: Actor, webhook: Webhook) -> None:
    """Nothing is sent there any more, and its log goes with it."""
    require(actor, webhook.project, Right.MANAGE)
    Webhook.objects.select_for_update().filter(pk=webhook.pk).first()  # before its messages, as a sender does
    events.record(actor, "webhook.removed", webhook, before={"kinds": webhook.kinds})
    webhook.delete()


@transaction.atomic
def send_test(actor: Actor, webhook: Webhook) -> Delivery:
    """Have a message of no news sent, so that its receiver can be tried."""
    require(actor, webhook.project, Right.MANAGE)
    _require_on(webhook)
    now = timezone.now()
    body = {"type": "webhook.test", "timestamp": now.isoformat(), "data": {"project": webhook.project.key}}
    row = Delivery.objects.create(webhook=webhook, kind=TEST, body=json.dumps(body))
    events.record(actor, "webhook.test_asked", webhook, after={"message": row.message_id})
    enqueue("labeling.deliver")
    return row


@transaction.atomic
def send_again(actor: Actor, delivery: Delivery) -> None:
    """Send a message once more, with its own id, and its tries begin anew. `ConflictError` while it is on its way."""
    webhook = delivery.webhook
    require(actor, webhook.project, Right.MANAGE)
    _require_on(webhook)
    ended = Delivery.objects.filter(pk=delivery.pk).exclude(state=State.SENDING)
    if not ended.update(state=State.WAITING, not_before=timezone.now(), attempts=0, delivered_at=None):
        raise ConflictError("This message is being sent just now.")
    events.record(actor, "webhook.sent_again", webhook, after={"message": delivery.message_id})
    enqueue("labeling.deliver")


def _require_on(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise ConflictError("This webhook is switched off. Switch it on first.")


def _address(url: str) -> str:
    try:
        return checked_address(url)
    except AddressError as error:
        raise ProblemError(str(error)) from error


def _kinds(kinds: Sequence[str]) -> list[str]:
    unknown = sorted(set(kinds) - set(news.KINDS))
    if unknown or not kinds:
        raise ProblemError(f"Choose some of {', '.join(news.KINDS)}.")
    return [kind for kind in news.KINDS if kind in kinds]
