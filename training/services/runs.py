"""Start and repeat training runs. The work itself is in `supervisor`, what is ordered on the way in `orders`."""

from typing import Any

from django.conf import settings
from django.db import transaction

from common.actor import Actor
from common.options import Options, OptionsError, checked
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require
from labeling.marks import neutralise
from labeling.models import Project, TaskSpec
from labeling.services import events
from training.headtasks import head_task
from training.methods import METHODS, SFT, Method
from training.models import OPEN, BaseModel, RetrainPolicy, Snapshot, TrainingProfile, TrainingRound, TrainingRun
from training.overrides import CHOSEN_ELSEWHERE, merged
from training.services.chat import chat_of, require_thoughts
from training.services.counting import take_again
from training.services.encoders import default_encoder
from training.services.locations import resolve_location
from training.services.sending import send_run
from training.services.snapshots import freeze_snapshot

State = TrainingRun.State


class SameRunError(ConflictError):
    """A run on the same snapshot, with the same options and seed, is there: it would come out the same."""


def resolve_config(
    base: BaseModel,
    profile: TrainingProfile | None,
    overrides: dict[str, Any] | None,
    spec: TaskSpec,
    method: Method = SFT,
) -> dict[str, Any]:
    """The engine's whole configuration after defaults, profile and overrides; `ProblemError` for unknown keys.

    Base and task decide where the weights are and how the model is asked, whatever the others say.
    """
    if base.server_name:
        raise ProblemError(
            f"{base} is only on model servers. Register its 16-bit weights as a base model to train on it."
        )
    if base.obstacle:
        raise ProblemError(base.obstacle)
    if obstacle := method.obstacle(spec) or method.misfit(base):
        raise ProblemError(obstacle)
    if method.of_encoder:
        return _resolved(method.options, _head_options(base, overrides, spec, method))
    require_thoughts(spec, base)
    options = merged(profile.config if profile else {}, overrides or {})
    options["base_model"] = {
        "name": resolve_location(base),
        "revision": base.revision or None,
        "token_env": base.token_env or None,
    }
    options["chat"] = chat_of(spec, base)
    options["objective"] = method.name
    if method.labels_only:
        # A head knows its labels by their places: the instruction alone is asked, without their list.
        options["instruction"] = neutralise(spec.instruction.strip())
        options["task"] = head_task(spec.to_spec())
    return _resolved(method.options, options)


def _head_options(base: BaseModel, overrides: dict[str, Any] | None, spec: TaskSpec, method: Method) -> dict[str, Any]:
    """A training profile is of language models, and says nothing here."""
    where = {"name": resolve_location(base), "revision": base.revision}
    usual = {} if method.with_torch else {"threads": settings.ENCODER_THREADS}
    chosen = {"base_model": where, "objective": method.name, "task": head_task(spec.to_spec())}
    return merged(usual, overrides or {}) | chosen


def _resolved(schema: type[Options], options: dict[str, Any]) -> dict[str, Any]:
    try:
        return checked(schema, options).model_dump(mode="json")
    except OptionsError as error:
        raise ProblemError(f"The training options cannot be used. {error}") from error


def start_run(
    actor: Actor,
    project: Project,
    *,
    trigger: str,
    profile: TrainingProfile | None = None,
    base: BaseModel | None = None,
    method: str | None = None,
    snapshot: Snapshot | None = None,
    overrides: dict[str, Any] | None = None,
    again: bool = False,
    counted: tuple[int, int] | None = None,
    round: TrainingRound | None = None,
) -> TrainingRun:
    """Queue a run, of a round or alone; the project's retrain policy gives profile, base and method unless told.

    The snapshot is frozen now unless given. Raises `SameRunError` where it would repeat a run that is there, unless
    `again` says that this is meant. `counted`: the trigger's marks before and after the golden samples that the run
    takes from it.
    """
    require(actor, project, Right.OPERATE)
    profile, base, way = chosen(actor, project, profile, base, method)
    if snapshot is not None and snapshot.project_id != project.pk:
        raise ProblemError("This snapshot belongs to another project.")
    config = resolve_config(base, profile, overrides, snapshot.spec if snapshot else project.spec, way)
    with transaction.atomic():
        snapshot = snapshot or freeze_snapshot(actor, project)
        if not again:
            refuse_the_same(snapshot, base, config)
        counted_from, counted_to = counted or (None, None)
        run = TrainingRun.objects.create(
            project=project,
            snapshot=snapshot,
            profile=profile,
            base=base,
            trigger=trigger,
            requested_by_id=actor.user_id,
            config=config,
            counted_from=counted_from,
            counted_to=counted_to,
            round=round,
        )
        return _queue(actor, run)


def _queue(actor: Actor, run: TrainingRun) -> TrainingRun:
    """With its folder, the event, the message."""
    TrainingRun.objects.filter(pk=run.pk).update(folder=f"{run.project.key}/{run.uid}")
    run.refresh_from_db()
    after = {"snapshot": run.snapshot.digest, "base": run.base.uid, "trigger": run.trigger}
    events.record(actor, "run.queued", run, after=after)
    send_run(run)
    return run


def chosen(
    actor: Actor, project: Project, profile: TrainingProfile | None, base: BaseModel | None, method: str | None
) -> tuple[TrainingProfile | None, BaseModel, Method]:
    """Profile, base and method, those of the project's retrain policy where none is given.

    Where the policy's base is none for the method, a head is made of the encoder of this installation. `ProblemError`
    without a base, and for a method that is none.
    """
    policy = RetrainPolicy.objects.select_related("profile", "base").filter(project=project).first()
    method = method or (policy.method if policy else SFT.name)
    if method not in METHODS:
        raise ProblemError(f"There is no method {method}; choose one of {', '.join(METHODS)}.")
    way = METHODS[method]
    if base is None and policy and policy.base and not way.misfit(policy.base):
        base = policy.base
    if way.of_encoder:
        return None, base or default_encoder(actor), way
    profile = profile or (policy.profile if policy else None)
    if base is None:
        raise ProblemError(
            "No base model is chosen. Give the project a retrain policy (Settings, Retraining), or name a base model."
        )
    return profile, base, way


def refuse_the_same(snapshot: Snapshot, base: BaseModel, config: dict[str, Any]) -> None:
    """Raise `SameRunError` where a run like this is there, and neither failed nor was cancelled."""
    rows = TrainingRun.objects.filter(snapshot=snapshot, base=base, config=config)
    same = rows.exclude(state__in=[State.FAILED, State.CANCELLED]).order_by("-pk").first()
    if same is not None:
        how = {State.QUEUED: "is queued", State.RUNNING: "is running", State.PAUSED: "is paused"}.get(
            State(same.state), "has succeeded"
        )
        raise SameRunError(
            f"Run {same.short} {how} on this very snapshot, with the same options and seed: another one comes out the "
            "same. Say that you want it again, or change an option."
        )


def repeat_run(actor: Actor, run: TrainingRun) -> TrainingRun:
    """A new run on the same snapshot and base with the same options, whatever the profile says today.

    Where the first one, or its round, failed and had taken samples from the trigger, this one takes them.
    `ConflictError` before it has ended, and before its round has.
    """
    require(actor, run.project, Right.OPERATE)
    if TrainingRun.objects.filter(OPEN, pk=run.pk).exists():
        raise ConflictError("This run has not ended yet. Cancel it first, or wait.")
    if run.round is not None and run.round.state == "open":
        raise ConflictError("The round of this run has not ended yet. Wait for its candidate.")
    held = run if run.round is None or run.round.candidate_id is not None else run.round
    taken = held.counted_to if run.state == State.FAILED else None
    with transaction.atomic():
        again = start_run(
            actor,
            run.project,
            trigger=TrainingRun.Trigger.MANUAL,
            profile=run.profile,
            base=run.base,
            snapshot=run.snapshot,
            method=run.method,
            overrides={name: value for name, value in run.config.items() if name not in CHOSEN_ELSEWHERE},
            again=True,
            counted=(held.counted_from or 0, taken) if taken is not None else None,
        )
        take_again(again)
    return again
