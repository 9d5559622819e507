"""Start, cancel and repeat training runs. The work itself is in `supervisor`."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError
from training.models import UNFINISHED, BaseModel, RetrainPolicy, Snapshot, TrainingProfile, TrainingRun
from training.services.bases import resolve_location
from training.services.snapshots import freeze_snapshot

State = TrainingRun.State


def resolve_config(
    base: BaseModel, profile: TrainingProfile | None, overrides: dict[str, Any] | None
) -> dict[str, Any]:
    """The engine's whole configuration after defaults, profile and overrides; `ProblemError` for unknown keys."""
    if base.server_name:
        raise ProblemError(
            f"{base} is only on model servers. Register its 16-bit weights as a base model to train on it."
        )
    options = {**(profile.config if profile else {}), **(overrides or {})}
    options["base_model"] = {
        "name": resolve_location(base),
        "revision": base.revision or None,
        "token_env": base.token_env or None,
    }
    return checked(options)


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """The engine's options with all defaults; `ProblemError` names every one that it does not know or take."""
    from pydantic import ValidationError

    from training.engine.config import EngineConfig

    try:
        return EngineConfig.model_validate(options).model_dump(mode="json")
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise ProblemError(f"The training options cannot be used: {problems}") from error


def start_run(
    user: User | None,
    project: Project,
    *,
    trigger: str,
    profile: TrainingProfile | None = None,
    base: BaseModel | None = None,
    snapshot: Snapshot | None = None,
    overrides: dict[str, Any] | None = None,
) -> TrainingRun:
    """Queue a run; profile and base come from the project's retrain policy unless given, the snapshot is frozen now."""
    require(user, project, Right.OPERATE)
    policy = RetrainPolicy.objects.select_related("profile", "base").filter(project=project).first()
    profile = profile or (policy.profile if policy else None)
    base = base or (policy.base if policy else None)
    if base is None:
        raise ProblemError(
            "No base model is chosen. Give the project a retrain policy in the admin, or name a base model."
        )
    if snapshot is not None and snapshot.project_id != project.pk:
        raise ProblemError("This snapshot belongs to another project.")
    config = resolve_config(base, profile, overrides)
    with transaction.atomic():
        run = TrainingRun.objects.create(
            project=project,
            snapshot=snapshot or freeze_snapshot(project),
            profile=profile,
            base=base,
            trigger=trigger,
            requested_by=user,
            config=config,
        )
        TrainingRun.objects.filter(pk=run.pk).update(folder=f"{project.key}/{run.uid}")
        run.refresh_from_db()
        enqueue(run.pk)
    return run


def enqueue(run_id: int) -> None:
    """Tell the GPU workers after commit. The row decides; a message too many does no harm."""
    from training.tasks import train_run

    train_run.delay_on_commit(run_id)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask


def cancel_run(user: User | None, run: TrainingRun) -> TrainingRun:
    """A queued run is cancelled at once, a running one at its next step. An ended run raises `ConflictError`."""
    require(user, run.project, Right.OPERATE)
    now = timezone.now()
    queued = TrainingRun.objects.filter(pk=run.pk, state=State.QUEUED)
    if not queued.update(state=State.CANCELLED, cancel_requested=True, finished_at=now):
        running = TrainingRun.objects.filter(pk=run.pk, state=State.RUNNING)
        if not running.update(cancel_requested=True):
            run.refresh_from_db()
            raise ConflictError(f"This run has already {run.state}; there is nothing to cancel.")
    run.refresh_from_db()
    return run


def repeat_run(user: User | None, run: TrainingRun) -> TrainingRun:
    """A new run on the same snapshot and base with the same options, whatever the profile says today."""
    require(user, run.project, Right.OPERATE)
    if TrainingRun.objects.filter(UNFINISHED, pk=run.pk).exists():
        raise ConflictError("This run has not ended yet. Cancel it first, or wait.")
    return start_run(
        user,
        run.project,
        trigger=TrainingRun.Trigger.MANUAL,
        profile=run.profile,
        base=run.base,
        snapshot=run.snapshot,
        overrides=run.config,
    )
