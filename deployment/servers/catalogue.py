"""Every model on every server: what it is, who uses it, and what an administrator may do with it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction

from common.actor import Actor
from common.patience import within
from common.problems import ConflictError, ProblemError, UnavailableError
from deployment.models import Deployment, InferenceServer, StagedVersion
from deployment.servers.drivers import CrowdedError, Driver, DriverError, TransportError, driver_for
from deployment.servers.drivers.said import Measure, ModelEntry
from deployment.servers.memory import load_or_send, twins
from labeling.access import has_permission
from labeling.models import Scope
from labeling.services import events
from training.server_names import is_ours

PERMISSION = "deployment.change_inferenceserver"
# A new server is another permission, as the admin has it.
ADD = "deployment.add_inferenceserver"
# What a page waits for one server among several.
LOOK_SECONDS = 3.0
_AT_ONCE = 16


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


def look(actor: Actor, server: InferenceServer) -> Catalogue:
    """Ask the server for all that it has; never raises where the server is away."""
    return look_at_all(actor, [server])[0]


def look_at_all(actor: Actor, servers: Sequence[InferenceServer]) -> list[Catalogue]:
    """The same for several at once, so that one that hangs keeps nobody from seeing the others."""
    require_administrator(actor)
    with ThreadPoolExecutor(max_workers=max(1, min(len(servers), _AT_ONCE))) as pool:
        return [_catalogue(server, *found) for server, found in zip(servers, pool.map(_ask, servers), strict=True)]


def _ask(server: InferenceServer) -> tuple[list[ModelEntry], Measure | None, str]:
    """What it has, and what of it is in memory; or the error. In a thread of its own: no database here."""
    try:
        with within(LOOK_SECONDS):
            driver = driver_for(server)
            return driver.catalogue(), driver.measure(), ""
    except DriverError as error:
        return [], None, str(error)


def _catalogue(server: InferenceServer, entries: list[ModelEntry], measure: Measure | None, error: str) -> Catalogue:
    if error:
        return Catalogue(server, error=error)
    users = _users(server)
    rows = [Row(entry, tuple(users.get(_bare(entry.tag), ()))) for entry in entries]
    rows.sort(key=lambda row: -row.entry.size_bytes)
    return Catalogue(server, tuple(rows), measure)


def load(actor: Actor, server: InferenceServer, tag: str) -> bool:
    """Have a model in memory; False where that takes long, so that a worker does it. Raises `ProblemError`."""
    require_administrator(actor)
    try:
        done = load_or_send(server, tag)
    except DriverError as error:
        raise _problem(server, error) from error
    _tell(actor, "model.loaded" if done else "model.load_asked", server, tag)
    return done


def unload(actor: Actor, server: InferenceServer, tag: str) -> None:
    """Free a model's memory; refused where a live version is in it, whose next request would have to wait."""
    require_administrator(actor)
    staged, users, names = StagedVersion.objects.filter(server=server, tag__iexact=tag).first(), _users(server), [tag]
    if staged is not None:
        names += [row.tag for row in twins(driver_for(server), staged)]
    for name in names:
        live = [reason for reason in users.get(_bare(name), ()) if reason.startswith("live")]
        if live:
            shared = "" if name == tag else f"what is loaded is {name}, too, and that "
            raise ConflictError(f"{tag} stays loaded: {shared or 'it '}is {live[0]}.")
    _asked(server, lambda driver: driver.unload(tag))
    _tell(actor, "model.unloaded", server, tag)


def delete(actor: Actor, server: InferenceServer, tag: str) -> None:
    """Remove a model from the server; refused, with the reason, for what a project uses."""
    require_administrator(actor)
    users = _users(server).get(_bare(tag), ())
    if users:
        raise ConflictError(f"{tag} is not deleted: it is {' and '.join(users)}.")
    _asked(server, lambda driver: driver.remove(tag))
    _tell(actor, "model.deleted", server, tag)


def require_administrator(actor: Actor, permission: str = PERMISSION) -> None:
    """Raise `PermissionDenied` unless the actor manages the model servers; a token needs the scope `servers`."""
    if not has_permission(actor, permission, Scope.SERVERS):
        raise PermissionDenied("Only administrators of the model servers, and their tokens of scope `servers`, may.")


@transaction.atomic
def _tell(actor: Actor, verb: str, server: InferenceServer, tag: str) -> None:
    """What was done on the server is told afterwards: it knows no transaction of ours."""
    events.record(actor, verb, server, after={"tag": tag.strip()})


def _asked(server: InferenceServer, verb: Callable[[Driver], None]) -> None:
    try:
        verb(driver_for(server))
    except DriverError as error:
        raise _problem(server, error) from error


def _problem(server: InferenceServer, error: DriverError) -> ProblemError:
    if isinstance(error, TransportError | CrowdedError):
        return UnavailableError(f"{server} does not answer: {error}")
    return ProblemError(str(error))


def _users(server: InferenceServer) -> dict[str, list[str]]:
    """By tag, who needs it: live, kept as a version, or an alias for outside clients."""
    users: dict[str, list[str]] = defaultdict(list)
    staged = StagedVersion.objects.kept().filter(server=server)
    serving = set(Deployment.objects.serving().values_list("version_id", flat=True))
    left = set(staged.with_an_alias_left().values_list("pk", flat=True))
    for row in staged.select_related("version__project", "version__base"):
        live, stays = row.version_id in serving, row.pk in left
        uses = "live in" if live else "live for outside clients of" if stays else "a version of"
        users[_bare(row.tag)].append(f"{uses} {row.version.project.key}")
        if row.version.base.server_name:
            users[_bare(row.version.base.server_name)].append(f"what {row.version} is made of")
        if live or stays:
            users[_bare(row.version.project.key)].append(
                f"live in {row.version.project.key}: the alias for outside clients"
            )
    return users


def _bare(tag: str) -> str:
    """As servers compare names: without regard to case, and without the tag that is meant where none is given."""
    return tag.lower().removesuffix(":latest")
