"""How somebody likes to review: keys, and whether a choice saves at once."""

from collections.abc import Mapping

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from labeling.models import User
from labeling.review_keys import KeysError, own_keys
from labeling.services import events


@transaction.atomic
def save_desk(actor: Actor, user: User, *, keys: Mapping[str, str], advances: bool) -> User:
    """Keep one's own keys of the review page, and whether choosing the one label of a text saves it at once.

    Raises `ProblemError` where two commands want one key, or a key is none.
    """
    if actor.person_id != user.pk:
        raise ProblemError("Everybody chooses their own keys.")
    try:
        own = own_keys(keys)
    except KeysError as error:
        raise ProblemError(f"Not saved: {error}") from error
    user.review_keys, user.advances = own, advances
    user.save(update_fields=["review_keys", "advances"])
    events.record(actor, "user.desk_changed", user, after={"keys": len(own), "advances": advances})
    return user
