"""What is not as our rows say: found once, shown until somebody decides or it is no longer so."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from common import actor as actors
from common.actor import Actor
from common.problems import ConflictError, ProblemError, UnavailableError
from deployment.artifacts.staging import stage_again
from deployment.live import leads_to, live_deployment
from deployment.models import Deployment, DeploymentTarget, Finding, InferenceServer, StagedVersion
from deployment.promotion.plan import Plan, plan_promotion, plan_rollback
from deployment.promotion.promote import promote, rollback
from deployment.servers.drivers import DriverError, driver_for
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.models import ModelVersion

Kind, State = Finding.Kind, Finding.State
_WATCH = actors.system("reconcile")
_ABOUT_A_TAG = (Kind.TAG_GONE, Kind.CONTENT, Kind.BROKEN)


def open_findings(project: Project) -> QuerySet[Finding]:
    """What waits for a decision, newest first."""
    rows = Finding.objects.filter(project=project, state=State.OPEN)
    return rows.select_related("project", "server", "version__project")


@transaction.atomic
def report(
    project: Project,
    version: ModelVersion,
    kind: str,
    sentence: str,
    *,
    server: InferenceServer | None = None,
    found: str = "",
    mended: bool = False,
) -> Finding | None:
    """Keep what was found; None where the same is known already, or was dismissed. `mended`: it is well again."""
    if mended:
        row = Finding.objects.create(
            project=project,
            version=version,
            server=server,
            kind=kind,
            sentence=sentence,
            found=found,
            state=State.MENDED,
            resolved_at=timezone.now(),
        )
        events.record(_WATCH, "finding.mended", row, after=_facts(row))
        return row
    same = Finding.objects.filter(project=project, version=version, server=server, kind=kind)
    last = same.first()
    if last is not None and last.state == State.DISMISSED and last.found == found:
        return None
    row, created = same.get_or_create(
        state=State.OPEN,
        defaults={
            "project": project,
            "version": version,
            "server": server,
            "kind": kind,
            "sentence": sentence,
            "found": found,
        },
    )
    if created:
        events.record(_WATCH, "finding.opened", row, after=_facts(row))
    elif (row.sentence, row.found) != (sentence, found):
        Finding.objects.filter(pk=row.pk).update(sentence=sentence, found=found)
        events.record(_WATCH, "finding.changed", row, before={"found": row.found}, after={"found": found})
    return row if created else None


def close(
    project: Project, version: ModelVersion, kind: str, state: str, *, server: InferenceServer | None = None
) -> int:
    """End an open finding, if there is one; the number of those ended."""
    rows = Finding.objects.filter(project=project, version=version, kind=kind, server=server, state=State.OPEN)
    return _end(rows, state)


def close_past(move: Deployment) -> None:
    """After a move: what was found about versions that are live no more is not to be acted on any longer."""
    rows = Finding.objects.filter(project=move.project_id, state=State.OPEN).exclude(version=move.version_id)
    # What was accepted by a version's certificate outlives the version.
    rows = rows.exclude(kind=Kind.PROMISE)
    left = move.targets.filter(state=DeploymentTarget.State.STAYS, server=OuterRef("server"))
    rows = rows.exclude(Exists(left.filter(staged__version=OuterRef("version"))))
    if move.automatic and move.action == Deployment.Action.ROLLBACK:
        _end(rows.filter(kind=Kind.WORSE), State.MENDED)
    _end(rows, State.GONE)


@transaction.atomic
def _end(rows: QuerySet[Finding], state: str) -> int:
    """End findings by themselves; how many were open."""
    ended = 0
    for row in rows.select_related("project", "version", "server"):
        if Finding.objects.filter(pk=row.pk, state=State.OPEN).update(state=state, resolved_at=timezone.now()):
            events.record(_WATCH, f"finding.{state}", row, after=_facts(row) | {"state": state})
            ended += 1
    return ended


def _facts(row: Finding) -> dict[str, object]:
    server = row.server.uid if row.server else None
    return {"kind": row.kind, "version": row.version.uid, "server": server, "found": row.found}


def adopt(actor: Actor, finding: Finding) -> Finding:
    """Take what a person did as what should be: the version that the alias leads to becomes the live one."""
    require(actor, finding.project, Right.OPERATE)
    if finding.kind != Kind.ALIAS:
        raise ProblemError(f"Only a moved alias can be adopted. {finding.sentence}")
    ours = StagedVersion.objects.filter(
        server=finding.server, version__project=finding.project, manifest_digest=finding.found
    ).select_related("version__project")
    staged = ours.first()
    if staged is None or not finding.found:
        raise ConflictError(
            "The alias leads to a model that is no version of this project, so it cannot become the live one. "
            "Restore the alias, or bring that model in as a version first."
        )
    live = _still_live(finding)
    reason = f"Adopted: the alias was moved by hand on {finding.server}."
    with _deciding(actor, finding, State.ADOPTED):
        promote(actor, _on(live, plan_promotion(staged.version)), reason=reason)
    return finding


def restore(actor: Actor, finding: Finding) -> Finding:
    """Make it as our rows say again. `ProblemError` where nothing can be done, `UnavailableError` by the server."""
    require(actor, finding.project, Right.OPERATE)
    if finding.kind == Kind.PROMISE:
        raise ProblemError("Decide on the page Auto-accept what becomes of what was accepted.")
    if finding.kind == Kind.WORSE:
        live = _still_live(finding)
        with _deciding(actor, finding, State.RESTORED):
            rollback(actor, _on(live, plan_rollback(finding.project)), reason=finding.sentence)
        return finding
    staged = StagedVersion.objects.filter(version=finding.version, server=finding.server).first()
    if staged is None:
        raise ConflictError(f"{finding.version} does not stand on {finding.server} any more.")
    with _deciding(actor, finding, State.RESTORED):
        try:
            _restore(finding, staged)
        except DriverError as error:
            raise UnavailableError(f"{finding.server} could not be put right: {error}") from error
    return finding


def _restore(finding: Finding, staged: StagedVersion) -> None:
    driver = driver_for(staged.server)
    if finding.kind == Kind.ALIAS:
        _still_live(finding)
        driver.move(finding.project.key, staged.tag)
        proof = driver.prove(finding.project.key, staged.tag)
        if not proof.ok:
            raise UnavailableError(proof.sentence)
    elif finding.kind in _ABOUT_A_TAG:
        if finding.kind == Kind.CONTENT:
            # Staging refuses to touch a tag with other content; here a person has said what is to become of it.
            driver.remove(staged.tag)
        stage_again(_WATCH, staged)
    else:
        raise ProblemError("There is nothing to restore.")


def _still_live(finding: Finding) -> Deployment:
    live = live_deployment(finding.project)
    here = StagedVersion.objects.filter(version=finding.version_id, server=finding.server_id).first()
    if live is None or not (live.version_id == finding.version_id or (here and leads_to(live, here))):
        raise ConflictError(f"{finding.version} is not live any more, so there is nothing to put right.")
    return live


def _on(live: Deployment, plan: Plan) -> Plan:
    """The plan, where it is one upon what was live when the finding was looked at."""
    if plan.live != live:
        raise ConflictError(f"{live.version} is not live any more, so there is nothing to put right.")
    return plan


def dismiss(actor: Actor, finding: Finding) -> Finding:
    """Leave it as it is, knowingly."""
    require(actor, finding.project, Right.OPERATE)
    with _deciding(actor, finding, State.DISMISSED):
        pass
    return finding


@contextmanager
def _deciding(actor: Actor, finding: Finding, state: str) -> Iterator[None]:
    """Write the decision down first, so that nobody acts twice, or on what is past; taken back where it fails."""
    row = Finding.objects.filter(pk=finding.pk)
    with transaction.atomic():
        decided = {"state": state, "resolved_at": timezone.now(), "resolved_by": actor.user_id}
        if not row.filter(state=State.OPEN).update(**decided):
            finding.refresh_from_db()
            raise ConflictError(f"Somebody was faster: this is {finding.get_state_display().lower()} already.")
        events.record(actor, f"finding.{state}", finding, before={"state": State.OPEN}, after={"state": state})
    try:
        yield
    except BaseException:
        _take_back(actor, finding, state)
        raise
    finding.refresh_from_db()


@transaction.atomic
def _take_back(actor: Actor, finding: Finding, was: str) -> None:
    row, state = Finding.objects.filter(pk=finding.pk), State.OPEN
    try:
        with transaction.atomic():
            row.update(state=state, resolved_at=None, resolved_by=None)
    except IntegrityError:  # found again meanwhile: that row is the open one
        state = State.GONE
        row.update(state=state, resolved_by=None)
    events.record(actor, "finding.reopened", finding, before={"state": was}, after={"state": state})
