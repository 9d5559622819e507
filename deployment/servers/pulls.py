"""Base models that a server fetches from its registry, because an operator typed their name."""

from contextlib import suppress
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from common import actor as actors
from common import leases
from common.actor import Actor
from common.problems import ConflictError, ProblemError
from common.queue import enqueue
from deployment.models import InferenceServer, ModelPull
from deployment.servers.catalogue import require_administrator
from deployment.servers.drivers import DriverError, TransportError, driver_for
from labeling.models import Project
from labeling.services import events
from training.server_names import is_ours

_MAX_ATTEMPTS = 3
State = ModelPull.State
_PULLER = actors.system("pull")


def pull(actor: Actor, server: InferenceServer, name: str) -> ModelPull:
    """Have a base model fetched by the name that an operator typed, from the registry that the server knows.

    The name leaves the house, so a project's own is refused.
    """
    require_administrator(actor)
    name = name.strip()
    key = name.rpartition("/")[2].partition(":")[0]
    if not name or " " in name:
        raise ProblemError("Type the name of a model as the registry knows it, such as smollm2:135m.")
    if is_ours(name) or Project.objects.filter(key__iexact=key).exists():
        raise ProblemError(f"{name} belongs to a project here; it must not be asked for outside.")
    try:
        with transaction.atomic():
            row = ModelPull.objects.create(server=server, name=name, user_id=actor.user_id)
            events.record(actor, "pull.asked", row, after={"server": server.uid, "model": name})
    except IntegrityError:
        raise ConflictError(f"{name} is being pulled to {server} already.") from None
    enqueue("deployment.pull", row.pk)
    return row


def pulls(actor: Actor, server: InferenceServer) -> QuerySet[ModelPull]:
    """What was pulled to a server, newest first."""
    require_administrator(actor)
    return ModelPull.objects.filter(server=server).select_related("user").order_by("-id")


def cancel_pull(actor: Actor, row: ModelPull) -> None:
    """End a pull at once; what it has fetched so far the server keeps for the next try.

    Its worker notices that the row is no longer its own, and closes the connection: at the next word of the server, or
    where that says nothing any more, when the request's time is up.
    """
    require_administrator(actor)
    with transaction.atomic():
        open_ = ModelPull.objects.filter(pk=row.pk, state__in=[State.QUEUED, State.PULLING])
        if not open_.update(state=State.CANCELLED, **leases.RELEASED):
            raise ConflictError("This pull has ended already.")
        events.record(actor, "pull.cancelled", row, before={"state": row.state})


def run_pull(pull_id: int) -> None:
    """Fetch, with progress in the row. Returns quietly where another worker is at it."""
    token = leases.claim(ModelPull, pull_id, waiting=[State.QUEUED], working=State.PULLING, error="")
    if token is None:
        return
    row = ModelPull.objects.select_related("server").get(pk=pull_id)

    def progress(done: int, total: int) -> None:
        # The server keeps what it has: the tries before it do not count any more.
        moved = {"attempts": 0} if done > row.bytes_done else {}
        row.bytes_done = max(done, row.bytes_done)
        leases.renew(ModelPull, pull_id, token, bytes_done=done, bytes_total=total, **moved)

    def cancelled() -> bool:
        return not ModelPull.objects.filter(pk=pull_id, lease_token=token).exists()

    try:
        with leases.heartbeat(ModelPull, pull_id, token):
            whole = driver_for(row.server).pull(row.name, progress, cancelled)
        if whole:
            _end(row, token, "pull.finished", state=State.DONE)
    except leases.LeaseLostError:
        return  # cancelled, or with another worker
    except DriverError as error:
        row.refresh_from_db(fields=["attempts"])
        again = isinstance(error, TransportError) and row.attempts < _MAX_ATTEMPTS
        _failed(row, token, State.QUEUED if again else State.FAILED, str(error))


def _failed(row: ModelPull, token: UUID, state: str, error: str) -> None:
    with suppress(leases.LeaseLostError):
        _end(row, token, "pull.failed", state=state, error=error)


@transaction.atomic
def _end(row: ModelPull, token: UUID, verb: str, state: str, **values: str) -> None:
    leases.finish(ModelPull, row.pk, token, state=state, **values)
    events.record(_PULLER, verb, row, after={"state": state, "attempts": row.attempts})
