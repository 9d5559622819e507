"""The rows of model servers, and what a new project is served from."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from deployment.models import InferenceServer, ServingPolicy
from deployment.services.catalogue import require_administrator
from labeling.models import Project, User
from labeling.problems import ProblemError

NAME = "local"


def add_server(user: User, **values: Any) -> InferenceServer:
    """A row for a model server; nothing is asked there yet. Raises `ProblemError` with what is wrong in the fields."""
    require_administrator(user)
    return saved(InferenceServer(**values))


def saved(server: InferenceServer) -> InferenceServer:
    """The row, checked and kept. Raises `ProblemError`."""
    try:
        server.full_clean()
    except ValidationError as error:
        said = [f"{name}: {' '.join(why)}" for name, why in error.message_dict.items()]
        raise ProblemError("; ".join(said)) from error
    server.save()
    return server


def built_in_server() -> InferenceServer | None:
    """The row of the server at LOCAL_MODEL_SERVER_URL, made where it is missing; its address follows. None: no such.

    Whatever else a person has set in the row stays, its name too. The port changes from start to start.
    """
    url = settings.LOCAL_MODEL_SERVER_URL
    if not url:
        return None
    row = InferenceServer.objects.filter(follows_environment=True).first()
    if row is None:
        return saved(InferenceServer(name=_free_name(), kind="local", url=url, follows_environment=True))
    if row.url != url:
        row.url, row.failures, row.rests_until, row.error = url, 0, None, ""
        saved(row)
    return row


def _free_name() -> str:
    taken = set(InferenceServer.objects.filter(name__startswith=NAME).values_list("name", flat=True))
    names = [NAME, *(f"{NAME}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def give_serving_policy(project: Project) -> ServingPolicy:
    """The project's serving policy, made with its defaults: served from the built-in server, or from the only one."""
    policy, made = ServingPolicy.objects.get_or_create(project=project)
    if made and (server := _default_server()):
        policy.servers.add(server)
    return policy


def _default_server() -> InferenceServer | None:
    active = list(InferenceServer.objects.filter(is_active=True))
    built_in = [server for server in active if server.follows_environment]
    return built_in[0] if built_in else active[0] if len(active) == 1 else None
