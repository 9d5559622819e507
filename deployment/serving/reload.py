"""Look again at what should be served, without downtime."""

from django.db import transaction

from common.actor import Actor
from common.problems import UnavailableError
from common.queue import enqueue
from deployment.live import left_on_servers, live_version, staged_on_servers
from deployment.servers.drivers import DriverError
from deployment.servers.memory import load_or_send
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.models import ModelVersion


def reload_serving(actor: Actor, project: Project) -> dict[str, object]:
    """Look again at what should be served: load the live version on its servers, and have a worker look for what
    is due in this project. No downtime. Where loading takes long, a worker goes on with it.

    Raises `UnavailableError` where a server does not answer.
    """
    require(actor, project, Right.OPERATE)
    version = live_version(project)
    loaded: dict[bool, list[str]] = {True: [], False: []}
    if version is not None:
        for staged in (*staged_on_servers(version), *left_on_servers(project)):
            try:
                loaded[load_or_send(staged.server, staged.tag)].append(staged.server.name)
            except DriverError as error:
                raise UnavailableError(f"{staged.server} could not load {staged.tag}: {error}") from error
    with transaction.atomic():
        live = version.uid if version else None
        events.record(actor, "serving.reloaded", project, after={"live": live, "servers": len(loaded[True])})
        enqueue("deployment.sweep_project", project.pk)
    newest = ModelVersion.objects.filter(project=project).order_by("-number").first()
    return {"live": version, "newest": newest, "loaded_on": loaded[True], "loading_on": loaded[False]}
