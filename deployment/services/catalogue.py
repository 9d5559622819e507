"""Every model on every server: what it is, who uses it, and what an administrator may do with it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from deployment.drivers import Driver, DriverError, TransportError, driver_for
from deployment.drivers.base import Measure, ModelEntry
from deployment.models import Deployment, InferenceServer, ModelPull, StagedVersion
from deployment.services.live import SERVING
from deployment.services.memory import twins
from labeling import leases
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError, UnavailableError
from training.server_names import is_ours

PERMISSION = "deployment.change_inferenceserver"
_MAX_ATTEMPTS = 3
State = ModelPull.State


@dataclass(frozen=True)
class Row:
    """A model on a server. `users` says who needs it; empty where it may be deleted."""

    entry: ModelEntry
    users: tuple[str, ...]

    @property
    def is_base(self) -> bool:
        """It came from outside and answers, so that a project may use it."""
        ours = is_ours(self.entry.tag) or any(user.startswith("live in") for user in self.users)
        return not ours and "completion" in self.entry.capabilities


@dataclass(frozen=True)
class Catalogue:
    """A server's models, largest first, and its memory; `error` where it does not answer."""

    server: InferenceServer
    rows: tuple[Row, ...] = ()
    measure: Measure | None = None
    error: str = ""

    @property
    def disk_bytes(self) -> int:
        """What the models take on disk; layers that several share are counted once per model."""
        return sum(row.entry.size_bytes for row in self.rows)

    @property
    def loaded_bytes(self) -> int:
        """What is in memory."""
        return sum(model.memory_bytes for model in self.measure.loaded) if self.measure else 0


def look(user: User, server: InferenceServer) -> Catalogue:
    """Ask the server for all that it has; never raises where the server is away."""
    require_administrator(user)
    driver = driver_for(server)
    try:
        entries, measure = driver.catalogue(), driver.measure()
    except DriverError as error:
        return Catalogue(server, error=str(error))
    users = _users(server)
    rows = [Row(entry, tuple(users.get(_bare(entry.tag), ()))) for entry in entries]
    rows.sort(key=lambda row: -row.entry.size_bytes)
    return Catalogue(server, tuple(rows), measure)


def load(user: User, server: InferenceServer, tag: str) -> None:
    """Have a model in memory. Raises `ProblemError`."""
    require_administrator(user)
    _asked(server, lambda driver: driver.load(tag))


def unload(user: User, server: InferenceServer, tag: str) -> None:
    """Free a model's memory; refused where a live version is in it, whose next request would have to wait."""
    require_administrator(user)
    staged, users, names = StagedVersion.objects.filter(server=server, tag__iexact=tag).first(), _users(server), [tag]
    if staged is not None:
        names += [row.tag for row in twins(driver_for(server), staged)]
    for name in names:
        live = [reason for reason in users.get(_bare(name), ()) if reason.startswith("live")]
        if live:
            shared = "" if name == tag else f"what is loaded is {name}, too, and that "
            raise ConflictError(f"{tag} stays loaded: {shared or 'it '}is {live[0]}.")
    _asked(server, lambda driver: driver.unload(tag))


def delete(user: User, server: InferenceServer, tag: str) -> None:
    """Remove a model from the server; refused, with the reason, for what a project uses."""
    require_administrator(user)
    users = _users(server).get(_bare(tag), ())
    if users:
        raise ConflictError(f"{tag} is not deleted: it is {' and '.join(users)}.")
    _asked(server, lambda driver: driver.remove(tag))


def pull(user: User, server: InferenceServer, name: str) -> ModelPull:
    """Have a base model fetched by the name that an operator typed, from the registry that the server knows.

    The name leaves the house, so a project's own is refused.
    """
    from deployment.tasks import pull as task

    require_administrator(user)
    name = name.strip()
    key = name.rpartition("/")[2].partition(":")[0]
    if not name or " " in name:
        raise ProblemError("Type the name of a model as the registry knows it, such as smollm2:135m.")
    if is_ours(name) or Project.objects.filter(key__iexact=key).exists():
        raise ProblemError(f"{name} is a name of this house; it must not be asked for outside.")
    try:
        with transaction.atomic():
            row = ModelPull.objects.create(server=server, name=name, user=user)
    except IntegrityError:
        raise ConflictError(f"{name} is being pulled to {server} already.") from None
    task.delay_on_commit(row.pk)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask
    return row


def pulls(user: User, server: InferenceServer) -> QuerySet[ModelPull]:
    """What was pulled to a server, newest first."""
    require_administrator(user)
    return ModelPull.objects.filter(server=server).select_related("user").order_by("-id")


def cancel_pull(user: User, row: ModelPull) -> None:
    """End a pull; what it has fetched so far the server keeps for the next try."""
    require_administrator(user)
    if ModelPull.objects.filter(pk=row.pk, state=State.QUEUED).update(state=State.CANCELLED):
        return
    if not ModelPull.objects.filter(pk=row.pk, state=State.PULLING).update(cancel_asked=True):
        raise ConflictError("This pull has ended already.")


def run_pull(pull_id: int) -> None:
    """Fetch, with progress in the row. Returns quietly where another worker is at it."""
    token = leases.claim(ModelPull, pull_id, waiting=[State.QUEUED], working=State.PULLING, error="")
    if token is None:
        return
    row = ModelPull.objects.select_related("server").get(pk=pull_id)

    def progress(done: int, total: int) -> None:
        leases.renew(ModelPull, pull_id, token, bytes_done=done, bytes_total=total)

    def cancelled() -> bool:
        return ModelPull.objects.filter(pk=pull_id, cancel_asked=True).exists()

    try:
        with leases.heartbeat(ModelPull, pull_id, token):
            whole = driver_for(row.server).pull(row.name, progress, cancelled)
    except DriverError as error:
        again = isinstance(error, TransportError) and row.attempts < _MAX_ATTEMPTS
        leases.finish(ModelPull, pull_id, token, state=State.QUEUED if again else State.FAILED, error=str(error))
        return
    leases.finish(ModelPull, pull_id, token, state=State.DONE if whole else State.CANCELLED)


def require_administrator(user: User) -> None:
    """Raise `PermissionDenied` unless `user` manages the model servers."""
    if not user.has_perm(PERMISSION):
        raise PermissionDenied("Only administrators of the model servers may do this.")


def _asked(server: InferenceServer, verb: Callable[[Driver], None]) -> None:
    try:
        verb(driver_for(server))
    except TransportError as error:
        raise UnavailableError(f"{server} does not answer: {error}") from error
    except DriverError as error:
        raise ProblemError(str(error)) from error


def _users(server: InferenceServer) -> dict[str, list[str]]:
    """By tag, who needs it: live, kept as a version, or an alias for outside clients."""
    users: dict[str, list[str]] = defaultdict(list)
    staged = StagedVersion.objects.filter(server=server).exclude(state=StagedVersion.State.REMOVED)
    serving = set(Deployment.objects.filter(state__in=SERVING).values_list("version_id", flat=True))
    for row in staged.select_related("version__project", "version__base"):
        live = row.version_id in serving
        users[_bare(row.tag)].append(f"{'live in' if live else 'a version of'} {row.version.project.key}")
        if row.version.base.server_name:
            users[_bare(row.version.base.server_name)].append(f"what {row.version} is made of")
        if live:
            users[_bare(row.version.project.key)].append(
                f"live in {row.version.project.key}: the alias for outside clients"
            )
    return users


def _bare(tag: str) -> str:
    """As servers compare names: without regard to case, and without the tag that is meant where none is given."""
    return tag.lower().removesuffix(":latest")
