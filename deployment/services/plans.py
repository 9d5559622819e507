"""What a promotion would do: read from the rows, decided before anything is touched."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from deployment.drivers import driver_for
from deployment.modelfile import ModelfileError
from deployment.models import Deployment, InferenceServer, ServingPolicy, StagedVersion, Verdict
from deployment.services.live import live_deployment, staged_on_servers
from deployment.services.modelfiles import parameters_of, render_modelfile, source_of
from deployment.services.resting import rests
from deployment.services.retention import removed
from deployment.services.standing import why_nowhere
from deployment.services.verdicts import staleness
from labeling.models import Project
from training.models import ModelVersion


@dataclass(frozen=True)
class Plan:
    """What a promotion would do, and what stands in its way. Pure: made from rows that were read."""

    version: ModelVersion
    previous: ModelVersion | None
    staged: tuple[StagedVersion, ...]
    verdict: str
    sentence: str
    reason_required: bool
    obstacles: tuple[str, ...]
    modelfile: str
    away: tuple[InferenceServer, ...] = ()
    stale: str = ""
    price: str = ""


def plan_promotion(version: ModelVersion) -> Plan:
    """Read what is there and say what a promotion of `version` would do."""
    live = live_deployment(version.project)
    policy = ServingPolicy.objects.filter(project=version.project_id).first()
    servers = list(policy.servers.filter(is_active=True)) if policy else []
    away = tuple(server for server in servers if rests(server))
    staged = [row for row in staged_on_servers(version) if row.server not in away]
    verdicts = {row.verdict for row in staged}
    verdict = verdicts.pop() if len(verdicts) == 1 else ""
    standing = {row.server_id for row in staged}
    stale = next(filter(None, (staleness(row, live.version if live else None) for row in staged)), "")
    obstacles, modelfile = [], ""
    if not staged:
        why = why_nowhere(version)
        nowhere = f"{version} is not staged on any active server of {version.project.key}."
        obstacles.append(removed(version) or (f"{nowhere} {why.sentence}" if why else nowhere))
    elif missing := [server.name for server in servers if server not in away and server.pk not in standing]:
        obstacles.append(f"{version} is not staged on {' and '.join(missing)} yet; wait, or take that server out.")
    if live and live.version_id == version.pk:
        obstacles.append(f"{version} is live already: {told_by(live)}.")
    try:
        modelfile = render_modelfile(version, gate_evidence(staged)) if source_of(version) else ""
    except ModelfileError as error:
        obstacles.append(f"No Modelfile can be written for {version}: {error}")
    return Plan(
        version=version,
        previous=live.version if live else None,
        staged=tuple(staged),
        verdict=verdict,
        sentence=next((row.verdict_sentence for row in staged), ""),
        reason_required=verdict != Verdict.PASSED or bool(stale),
        obstacles=tuple(obstacles),
        modelfile=modelfile,
        away=away,
        stale=stale,
        price=_price(version, live.version if live else None, staged),
    )


def _price(version: ModelVersion, previous: ModelVersion | None, staged: list[StagedVersion]) -> str:
    """What moving to it costs, where that is more than a switch."""
    wait = "the move reloads the model, and requests wait for that."
    if version.adapter_path:
        return f"{version} is an adapter upon its base: {wait}"
    shared = any(driver_for(row.server).shares_runners for row in staged)
    if not shared or previous is None or previous.gguf_digest != version.gguf_digest:
        return ""
    one, other = (parameters_of(each).get("num_ctx") for each in (previous, version))
    if one == other:
        return ""
    return f"{version} is the file of {previous} with num_ctx {other} in place of {one}: {wait}"


def told_by(deployment: Deployment) -> str:
    """Who moved, and when, for the one who came second."""
    at = timezone.localtime(deployment.live_at or deployment.created_at)
    verb = "rolled back" if deployment.action == Deployment.Action.ROLLBACK else "promoted it"
    return f"{who_of(deployment)} {verb} at {at:%H:%M:%S on %Y-%m-%d}"


def who_of(deployment: Deployment) -> str:
    """The person behind a deployment, or the gate."""
    return deployment.actor.get_username() if deployment.actor else "the gate"


def gate_evidence(staged: list[StagedVersion]) -> dict[str, Any]:
    """The gate's figures as they go into the Modelfile's comments and the history."""
    if not staged:
        return {}
    row = staged[0]
    figures = {
        name: value
        for name, value in row.verdict_report.items()
        if isinstance(value, int | float | str) and name not in ("verdict", "sentence")
    }
    against = {"held against": row.held_against.tag} if row.held_against else {}
    return {"verdict": row.verdict or "none", "gate": row.verdict_sentence, **against, **figures}


def previous_version(project: Project) -> ModelVersion | None:
    """The version that was live before the present one."""
    live = live_deployment(project)
    return live.previous if live else None
