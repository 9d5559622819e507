"""The steps of a new project that this floor knows of: a server that answers, and a version that is live."""

from django.urls import reverse

from deployment.artifacts.placement import why_nowhere
from deployment.live import live_version
from deployment.models import ServingPolicy, StagedVersion
from deployment.queries import move_under_way
from deployment.servers.availability import unavailable
from labeling.access import Right
from labeling.models import Project
from labeling.steps import State, Step
from training.models import ModelVersion

_LONGEST = 160


def server(project: Project) -> Step:
    """What the project is served from answers."""
    title, url = "Model server", reverse("labeling:settings_of", args=[project.key, "serving"])
    policy = ServingPolicy.of(project)
    servers = policy.active_servers() if policy else []
    if not servers:
        said = "The project is served from no server that is in use: choose one."
        return Step(title, State.OPEN, said, url, "Choose a server", Right.MANAGE)
    down = [row for row in servers if row.error or unavailable(row)]
    if down:
        why = down[0].error.strip().partition("\n")[0][:_LONGEST] or "it does not answer"
        return Step(title, State.TROUBLE, f"{down[0].name}: {why}", url, "Serving", Right.MANAGE)
    names = ", ".join(row.name for row in servers)
    if any(row.seen_at is None for row in servers):
        return Step(title, State.WAITS, f"Nobody has asked {names} yet: a worker does within a minute.", url, "Serving")
    verb = "answers" if len(servers) == 1 else "answer"
    return Step(title, State.DONE, f"{names} {verb}.", url, "Serving", Right.MANAGE, f"{names} {verb}")


def live(project: Project) -> Step:
    """A version answers, so that experts see proposals."""
    title, url = "Live version", reverse("deployment:deployments", args=[project.key])
    if (version := live_version(project)) is not None:
        return Step(title, State.DONE, f"{version.tag} answers.", url, "Deployments", health=f"{version.tag} is live")
    if move_under_way(project) is not None:
        return Step(title, State.WAITS, "A version is being promoted.", url, "Deployments")
    newest = ModelVersion.objects.filter(project=project).order_by("-number").first()
    if newest is None:
        return Step(title, State.WAITS, "It waits for the first version.", url, "Deployments")
    ready = StagedVersion.objects.serving_ready(newest).first()
    if ready is None:
        reason = why_nowhere(newest)
        if reason is None:
            said = f"{newest.tag} is being built, and brought onto its server."
            return Step(title, State.WAITS, said, url, "Deployments")
        return Step(title, State.TROUBLE, f"{newest.tag}: {reason.sentence}", url, "Deployments", Right.OPERATE)
    said = f"{newest.tag} stands ready: promote it, and it proposes answers."
    promote = reverse("deployment:promote", args=[project.key, newest.number])
    return Step(title, State.OPEN, said, promote, "Promote it", Right.OPERATE)
