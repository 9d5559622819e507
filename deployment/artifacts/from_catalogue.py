"""A model of the servers' catalogues becomes a version of a project: its version 0, or a rival of what is live."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from common.actor import Actor
from common.problems import ConflictError, ProblemError, UnavailableError
from deployment.models import InferenceServer, ServingPolicy
from deployment.servers.catalogue import look, require_administrator
from deployment.servers.drivers import DriverError, driver_for
from deployment.servers.drivers.said import ModelEntry
from labeling.access import Right, projects_for, require
from labeling.models import Project, User
from training.models import ModelVersion
from training.services import add_version, register_served


def projects_served_by(user: User, server: InferenceServer) -> QuerySet[Project]:
    """The projects of `user` that this server serves, and so may use its models."""
    found: QuerySet[Project] = projects_for(user, Right.OPERATE).filter(serving_policy__servers=server)
    return found.order_by("key").distinct()


def use_in_project(actor: Actor, server: InferenceServer, name: str, project: Project, note: str = "") -> ModelVersion:
    """A version of `project` that is `name` of the server's catalogue, as it is; staged, benchmarked and judged.

    The project's very first version is its baseline, any later one a candidate like a trained one. `ProblemError`: not
    all of the project's servers have the same model, or it is ours; `ConflictError`: the project has it already.
    """
    require_administrator(actor)
    require(actor, project, Right.OPERATE)
    policy = ServingPolicy.of(project)
    servers = policy.active_servers() if policy else []
    if server not in servers:
        raise ProblemError(f"{project.key} is not served by {server}. Add the server to its serving policy first.")
    entry = _same_everywhere(servers, name)
    if not any(row.is_base for row in look(actor, server).rows if row.entry.tag == entry.tag):
        raise ProblemError(f"{name} is a version or alias of a project here, or does not answer. Use a pulled model.")
    base = register_served(actor, entry.tag, entry.digest, entry.size_bytes, entry.quantization)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        known = ModelVersion.objects.filter(project=project, base=base, spec=project.spec, derived_from=None).first()
        if known is not None:
            raise ConflictError(f"{known} is {entry.tag} already. Look at its page; it can be judged again there.")
        return add_version(actor, project, base, spec=project.spec, note=note.strip()[:300])


def _same_everywhere(servers: Iterable[InferenceServer], name: str) -> ModelEntry:
    found: dict[str, tuple[InferenceServer, ModelEntry]] = {}
    for server in servers:
        try:
            entries = driver_for(server).catalogue()
        except DriverError as error:
            raise UnavailableError(f"{server} does not answer: {error}") from error
        wanted = (name.lower(), f"{name.lower()}:latest")  # as servers compare names
        entry = next((each for each in entries if each.tag.lower() in wanted), None)
        if entry is None:
            raise ProblemError(f"{server} does not have {name}. Pull it there first: all servers need it.")
        found[entry.digest] = server, entry
    if len(found) > 1:
        where = " and ".join(f"{digest[:12]} on {server}" for digest, (server, _) in found.items())
        raise ProblemError(f"{name} is not the same model everywhere: {where}. Pull it again on all of them.")
    return next(entry for _, entry in found.values())
