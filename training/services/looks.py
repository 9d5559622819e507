"""Base models are looked at by a worker before anything is built on them; what it saw is kept in their rows."""

import logging
import subprocess
import sys
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common import children, jsonl, leases
from common.actor import Actor
from common.environment import child_environment
from common.problems import ProblemError
from common.queue import enqueue
from common.toolwords import Words
from labeling.access import has_permission
from labeling.services import events
from training.models import BaseModel
from training.services.locations import awaits_fetching, resolve_location
from training.services.sending import look_task

logger = logging.getLogger(__name__)
State = BaseModel.State
MAX_ATTEMPTS = 3
# A look reads kilobytes; the hub may be slow.
_LOOK_SECONDS = 900.0
_LOOKER = actors.system("look")


class NotSeenError(Exception):
    """It could not be looked at; the message says why. `again`: another try may succeed."""

    def __init__(self, sentence: str, *, again: bool = False) -> None:
        super().__init__(sentence)
        self.again = again


def ask_look(actor: Actor, base: BaseModel) -> None:
    """A person has a base looked at again. Raises `PermissionDenied`, `ProblemError`."""
    if not has_permission(actor, "training.change_basemodel"):
        raise PermissionDenied(f"{actor} may not look after base models. Ask an administrator.")
    if base.server_name:
        raise ProblemError(f"{base} is only on model servers: there are no weights to look at.")
    if awaits_fetching(base):
        raise ProblemError(f"{base} is fetched when a version first needs it, and looked at then.")
    queue_look(actor, base)


@transaction.atomic
def queue_look(actor: Actor, base: BaseModel) -> None:
    """Have a worker look, from the beginning where one is at it."""
    BaseModel.objects.filter(pk=base.pk).update(state=State.WAITING, attempts=0, **leases.RELEASED)
    base.refresh_from_db(fields=["state"])
    events.record(actor, "base_model.look_asked", base)
    enqueue(look_task(base), base.pk)


def queue_waiting() -> None:
    """Send the messages of all that wait once more: some may be lost."""
    for base in BaseModel.objects.to_look_at():
        enqueue(look_task(base), base.pk)


def look(base_id: int) -> None:
    """Look at one base. Returns quietly where another worker is at it, or nobody wants it any more."""
    token = leases.claim(BaseModel, base_id, waiting=[State.WAITING], working=State.LOOKING)
    if token is None:
        return
    base = BaseModel.objects.get(pk=base_id)
    if base.attempts > MAX_ATTEMPTS:
        lost = f"The worker was lost {MAX_ATTEMPTS} times while it looked. Read its log, then have it looked at again."
        _end(base, token, State.FAILED, problems=[lost])
        return
    try:
        with leases.heartbeat(BaseModel, base.pk, token):
            found = _ask_engine(base)
    except NotSeenError as error:
        again = error.again and base.attempts < MAX_ATTEMPTS
        logger.warning("%s could not be looked at: %s", base, error)
        _end(base, token, State.WAITING if again else State.FAILED, problems=[str(error)])
    else:
        _end(base, token, State.REFUSED if found["problems"] else State.WELL, **found)


def _ask_engine(base: BaseModel) -> dict[str, Any]:
    """What the engine saw: `facts` and `problems`. Raises `NotSeenError`."""
    where = resolve_location(base)
    if base.is_encoder:
        command = [sys.executable, "-m", "training.heads", "look", "--encoder", where]
    else:
        command = [sys.executable, "-m", "training.engine", "look", "--base", where]
        command += ["--token-env", base.token_env] if base.token_env else []
    command += ["--revision", base.revision] if base.revision else []
    try:
        done = children.run(
            command,
            silence=settings.SILENCE_SECONDS,
            total=_LOOK_SECONDS,
            cwd=settings.BASE_DIR,
            env=child_environment(base.token_env, network=True),
        )
    except subprocess.SubprocessError as error:
        raise NotSeenError(f"The look was ended: {error}.", again=True) from error
    if done.code:
        words = Words.of(done.errors or done.output, doing="Looking at it")
        raise NotSeenError(words.sentence, again=done.code < 0)
    found = jsonl.last(done.output)
    return {"facts": found["facts"], "problems": found["problems"]}


def _end(base: BaseModel, token: UUID, state: str, **values: Any) -> None:
    """Keep what was seen, unless the base was changed or asked about again meanwhile."""
    try:
        with transaction.atomic():
            leases.finish(BaseModel, base.pk, token, state=state, looked_at=timezone.now(), **values)
            events.record(_LOOKER, "base_model.looked_at", base, after={"state": state, "attempts": base.attempts})
    except leases.LeaseLostError:
        logger.info("%s is looked at anew: what was seen is not kept", base)
