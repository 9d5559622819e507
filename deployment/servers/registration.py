"""The rows of model servers, and what a new project is served from."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from common.queue import enqueue
from deployment.models import DeploymentTarget, InferenceServer, ServingPolicy
from deployment.models.querysets import NEEDED
from deployment.servers.catalogue import ADD, require_administrator
from labeling.models import Project
from labeling.services import events, save_row

NAME = "local"
# What decides who is called.
_WHERE = {"url", "kind", "key_env"}


def add_server(actor: Actor, **values: Any) -> InferenceServer:
    """A row for a model server; a worker asks it who it is. Raises `ProblemError` with what is wrong in the fields."""
    require_administrator(actor, ADD)
    server = saved(actor, "inference_server.added", InferenceServer(**values))
    enqueue("deployment.probe", server.pk)
    return server


@transaction.atomic
def save_server(actor: Actor, server: InferenceServer, fields: Iterable[str] = ()) -> None:
    """Keep what a person entered, as `save_row`; where that says what is called, what was seen there is forgotten."""
    changed = set(fields)
    if changed & _WHERE:
        server.version, server.seen_at, server.error = "", None, ""
        server.failures, server.unavailable_until = 0, None
    save_row(actor, server, changed)
    if server.seen_at is None:
        enqueue("deployment.probe", server.pk)


@transaction.atomic
def saved(actor: Actor, verb: str, server: InferenceServer) -> InferenceServer:
    """The row, checked and kept, with its event. Raises `ProblemError`."""
    try:
        server.full_clean()
    except ValidationError as error:
        said = [f"{name}: {' '.join(why)}" for name, why in error.message_dict.items()]
        raise ProblemError("; ".join(said)) from error
    server.save()
    events.record(actor, verb, server, after={"kind": server.kind})
    return server


def built_in_server(actor: Actor) -> InferenceServer | None:
    """The row of the server at LOCAL_MODEL_SERVER_URL, made where it is missing; its address follows. None: no such.

    Whatever else a person has set in the row stays, its name too. The port changes from start to start.
    """
    url = settings.LOCAL_MODEL_SERVER_URL
    if not url:
        return None
    row = InferenceServer.objects.filter(follows_environment=True).first()
    if row is None:
        row = InferenceServer(name=_free_name(), kind="local", url=url, follows_environment=True)
        return saved(actor, "inference_server.added", row)
    if row.url != url:
        row.url, row.failures, row.unavailable_until, row.error = url, 0, None, ""
        saved(actor, "inference_server.followed", row)
    return row


def _free_name() -> str:
    taken = set(InferenceServer.objects.filter(name__startswith=NAME).values_list("name", flat=True))
    names = [NAME, *(f"{NAME}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


@transaction.atomic
def save_policy(actor: Actor, policy: ServingPolicy, fields: Iterable[str], servers: Iterable[InferenceServer]) -> None:
    """Keep what a person entered, as `save_row`; `servers` are those that they chose.

    Raises `ProblemError`, too, where aliases may stay no longer and one does, or is about to: on a server that cannot
    serve what is live.
    """
    save_row(actor, policy, fields)
    # A move that is just being claimed holds the row until its targets can be seen.
    ServingPolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    targets = DeploymentTarget.objects.filter(state=DeploymentTarget.State.STAYS, server__in=list(servers))
    left = targets.filter(deployment__project=policy.project, deployment__state__in=NEEDED)
    found = [] if policy.alias_may_stay else list(left.select_related("server", "deployment__version__project"))
    if found:
        names = " and ".join(each.server.name for each in found)
        raise ProblemError(
            f"{names} cannot serve {found[0].deployment.version}, so the alias stays there. Promote, or roll back to, "
            "a version that all servers can serve, or take that server out; then aliases may no longer stay."
        )


@transaction.atomic
def change_policy(
    actor: Actor, project: Project, values: dict[str, Any], servers: Iterable[InferenceServer] | None = None
) -> ServingPolicy:
    """The project's policy with these values, made where it is missing. `servers`: None leaves them."""
    policy = ServingPolicy.objects.select_for_update(no_key=True).filter(project=project).first()
    policy = policy or ServingPolicy(project=project)
    for name, value in values.items():
        setattr(policy, name, value)
    there = list(policy.servers.all()) if policy.pk else []
    chosen = there if servers is None else list(servers)
    save_policy(actor, policy, [*values, *([] if servers is None else ["servers"])], chosen)
    policy.servers.set(chosen)
    return policy


@transaction.atomic
def give_serving_policy(actor: Actor, project: Project) -> ServingPolicy:
    """The project's serving policy, made with its defaults: served from the built-in server, or from the only one."""
    policy, made = ServingPolicy.objects.get_or_create(project=project)
    if made:
        servers = [server] if (server := _default_server()) else []
        policy.servers.set(servers)
        events.record(actor, "serving_policy.created", policy, after={"servers": [each.uid for each in servers]})
    return policy


def _default_server() -> InferenceServer | None:
    active = list(InferenceServer.objects.filter(is_active=True))
    built_in = [server for server in active if server.follows_environment]
    return built_in[0] if built_in else active[0] if len(active) == 1 else None
