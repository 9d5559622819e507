"""Requests that are sent again: the first one with a key does the work, the others get its response.

A key is claimed by an insert, so of two requests at once one goes on. A response is kept only where something was done:
whoever was refused may mend the request and send it with the same key.
"""

import json
import logging
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from common.actor import Actor
from labeling.models import KeptResponse

KEPT = timedelta(days=1)
logger = logging.getLogger(__name__)


def caller_of(actor: Actor) -> str:
    """Whose key it is: the token's, else the person's."""
    return f"token:{actor.token_id}" if actor.token_id is not None else f"user:{actor.user_id}"


def digest_of(what: Any) -> str:
    """Tells requests apart without keeping their texts; keyed, so that a short text cannot be guessed from it."""
    said = json.dumps(what, sort_keys=True, default=str)
    return salted_hmac("labeling.retries", said, algorithm="sha256").hexdigest()


def claim(caller: str, key: str, digest: str) -> tuple[KeptResponse, bool]:
    """The row of a key, and whether it was claimed just now: then the work is the caller's to do."""
    KeptResponse.objects.filter(caller=caller, key=key, created_at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic():
            return KeptResponse.objects.create(caller=caller, key=key, digest=digest), True
    except IntegrityError:
        found = KeptResponse.objects.filter(caller=caller, key=key).first()
        # It was given back between the two statements.
        return (found, False) if found is not None else claim(caller, key, digest)


def keep(row: KeptResponse, status: int, body: Any) -> None:
    """Keep the response of the request that claimed `row`. The work is done, so a failure here is only logged."""
    try:
        KeptResponse.objects.filter(pk=row.pk).update(status=status, body=body)
    except DatabaseError:
        logger.exception("The response to %s was not kept; the request cannot be repeated.", row)


def give_back(row: KeptResponse) -> None:
    """Nothing was done: the key may be used again."""
    try:
        KeptResponse.objects.filter(pk=row.pk, status=None).delete()
    except DatabaseError:
        logger.exception("The key %s was not given back; it stays taken for a day.", row)


def forget_responses() -> int:
    """Delete the responses that were kept long enough; how many."""
    deleted, _ = KeptResponse.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return deleted
