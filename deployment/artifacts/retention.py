"""Retention: old versions lose their files on servers and on disk, never their rows; pins, and the way back."""

import logging
from collections.abc import Collection

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from common import actor as actors
from common.actor import Actor
from common.patience import within
from common.problems import ProblemError
from deployment import storage
from deployment.artifacts import retention_rule
from deployment.artifacts.pipeline import store
from deployment.files import UNDER_WAY, artifact_of, artifacts_of, is_ours, rows_of
from deployment.live import live_deployment
from deployment.models import Artifact, BuildStep, Deployment, ServingPolicy, StagedVersion, Verdict, VersionPin
from deployment.models.querysets import NEEDED
from deployment.servers.drivers import DriverError, driver_for
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = StagedVersion.State
_RETENTION = actors.system("retention")
# What deleting a tag on one server may take.
_SERVER_SECONDS = 20.0


def retain() -> list[ModelVersion]:
    """Beat: remove the files of versions that no served project keeps; the versions removed now."""
    left = StagedVersion.objects.filter(state=State.REMOVED).exclude(error="")
    for staged in left.select_related("server", "version__project"):
        _remove_from_server(staged)
    gone: list[ModelVersion] = []
    for policy in ServingPolicy.objects.filter(project__archived_at=None).select_related("project"):
        gone += _retain(policy.project)
    _clear_disk()
    return gone


def _retain(project: Project) -> list[ModelVersion]:
    """Versions first, then the artifacts that none of those that are kept is served from."""
    reasons = keeping(project)
    versions = list(_versions(project))
    made = artifacts_of(versions)
    leaving = [version for version in versions if version.number not in reasons]
    needed = {made[version.pk].pk for version in versions if version.number in reasons and version.pk in made}
    gone = [version for version in leaving if _stands(version, made.get(version.pk), needed) and _let_go(version)]
    for artifact in {made[version.pk] for version in leaving if version.pk in made}:
        if artifact.pk not in needed:
            _remove_files(artifact)
    return gone


def _versions(project: Project) -> list[ModelVersion]:
    return list(ModelVersion.objects.filter(project=project).select_related("project", "base"))


def keeping(project: Project) -> dict[int, str]:
    """Number -> why the version's files stay, by the project's serving policy; those that are not named may go."""
    policy = ServingPolicy.of(project) or ServingPolicy(project=project)
    now = timezone.now()
    live = live_deployment(project)
    pins = dict(VersionPin.objects.filter(version__project=project).values_list("version_id", "reason"))
    busy = _busy(project)
    last_live = {}
    for row in Deployment.objects.filter(project=project, live_at__isnull=False).order_by("id"):
        last_live[row.version_id] = row.ended_at or now
    refused = set(
        StagedVersion.objects.filter(version__project=project, verdict=Verdict.REFUSED).values_list(
            "version_id", flat=True
        )
    )
    standings = [
        retention_rule.Standing(
            number=version.number,
            made_at=version.created_at,
            busy=busy.get(version.pk, ""),
            pinned=pins.get(version.pk, ""),
            live=live is not None and live.version_id == version.pk,
            last_live=last_live.get(version.pk),
            refused=version.pk in refused,
        )
        for version in ModelVersion.objects.filter(project=project)
    ]
    return retention_rule.kept(standings, now=now, previous=policy.keep_previous, days=policy.keep_days)


def _busy(project: Project) -> dict[int, str]:
    """Versions that something is under way with, by id."""
    found = {}
    versions = _versions(project)
    made = artifacts_of(versions)
    for version in versions:
        if is_ours(version) and (version.pk not in made or made[version.pk].state in UNDER_WAY):
            found[version.pk] = "being built"
    for staged in StagedVersion.objects.filter(version__project=project):
        if staged.state in (State.WAITING, State.STAGING):
            found[staged.version_id] = "being staged"
        elif staged.state == State.STAGED and not staged.verdict:
            found[staged.version_id] = "being judged"
    for staged in StagedVersion.objects.filter(version__project=project).with_an_alias_left(NEEDED):
        found[staged.version_id] = "an alias stays with it"
    for move in Deployment.objects.moving().filter(project=project):
        found[move.version_id] = "in a move"
        if move.previous_id is not None:
            found[move.previous_id] = "in a move"
    return found


def _stands(version: ModelVersion, artifact: Artifact | None, needed: Collection[int]) -> bool:
    """It is on a server, or on its way there; or on none yet, and its file is here and nobody else's."""
    states = set(StagedVersion.objects.filter(version=version).values_list("state", flat=True))
    if states:
        return states != {State.REMOVED}
    return artifact is not None and artifact.state == Artifact.State.BUILT and artifact.pk not in needed


def _let_go(version: ModelVersion) -> bool:
    """Take the version's tags from the servers; False where it is needed after all.

    The rows change first: no promotion can then begin on what is about to go.
    """
    with transaction.atomic():
        ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if version.number in keeping(version.project):
            return False
        standing = StagedVersion.objects.filter(version=version).exclude(state=State.REMOVED)
        rows = list(standing.select_related("server", "version__project"))
        StagedVersion.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.REMOVED, error="To be removed from the server."
        )
        events.record(_RETENTION, "version.let_go", version, before={"servers": len(rows)})
    for row in rows:
        _remove_from_server(row)
    logger.info("%s: removed, as the serving policy says", version)
    return True


def _remove_files(artifact: Artifact) -> None:
    """Take its names from the row, then the files; results of steps go with all that no version needs."""
    standing = StagedVersion.objects.filter(artifact=artifact).exclude(state=State.REMOVED, error="")
    built = Artifact.objects.filter(pk=artifact.pk, state=Artifact.State.BUILT)
    # As long as a server that is away holds its tag, its file may have to be looked at.
    with transaction.atomic():
        if standing.exists() or not built.update(state=Artifact.State.REMOVED, path="", adapter_path=""):
            return
        events.record(_RETENTION, "version.files_removed", artifact.weights, before={"digest": artifact.digest})
    for name in artifact.names:
        if store.steps_folder() not in storage.path_of(name).parents:
            storage.remove(name)


def _remove_from_server(staged: StagedVersion) -> bool:
    """Delete the tag; a server that is away is asked again by the next sweep."""
    rows = StagedVersion.objects.filter(pk=staged.pk, state=State.REMOVED)
    try:
        with within(_SERVER_SECONDS):
            driver_for(staged.server).remove(staged.tag)
    except DriverError as error:
        rows.update(error=f"Still on the server: {error}")
        return False
    with transaction.atomic():
        rows.update(error="")
        after = {"server": staged.server.uid, "tag": staged.tag}
        events.record(_RETENTION, "version.taken_off", staged.version, after=after)
    return True


def _clear_disk() -> None:
    """Remove results of steps that no artifact needs, and what killed steps left where nobody works any more."""
    needed = _needed()
    for folder in store.steps_folder().glob("*/*"):
        # `.<key>.<random>` is the folder of an attempt, killed where nobody holds the key's lock.
        name, key = folder.parent.name, folder.name.split(".")[1] if "." in folder.name else folder.name
        if not folder.is_dir() or (name, key) in needed:
            continue
        begun = BuildStep.objects.filter(name=name, key=key, artifact__state__in=UNDER_WAY).exists()  # since we looked
        if not begun and store.discard_unless_held(name, key):
            BuildStep.objects.filter(name=name, key=key).update(size_bytes=None)


def _needed() -> set[tuple[str, str]]:
    """(step, key) of every result that an artifact with files, or one being built, follows from.

    A merged model is needed only while its artifact is built: it is several times the GGUF, and can be made again.
    """
    found = set()
    for row in BuildStep.objects.select_related("artifact"):
        building, stands = row.artifact.state in UNDER_WAY, row.artifact.state == Artifact.State.BUILT
        if building or (stands and row.name != BuildStep.Name.MERGE):
            found.add((row.name, row.key))
    return found


def removed(version: ModelVersion) -> str:
    """What became of a version whose files are gone and how to have them back; empty where they are there."""
    artifact = artifact_of(version)
    if artifact is not None and artifact.state in (*UNDER_WAY, Artifact.State.FAILED):
        return ""
    states = set(StagedVersion.objects.filter(version=version).values_list("state", flat=True))
    if states == {State.REMOVED} or (artifact is not None and artifact.state == Artifact.State.REMOVED):
        return f"The files of {version} were removed by the serving policy's retention. Rebuild it on its page first."
    return ""


def pin(actor: Actor, version: ModelVersion, reason: str) -> VersionPin:
    """Keep the version's files whatever the policy says. The newest reason stands."""
    require(actor, version.project, Right.OPERATE)
    if not reason.strip():
        raise ProblemError("Say why the version must be kept.")
    with transaction.atomic():
        row, _ = VersionPin.objects.update_or_create(
            version=version, defaults={"user_id": actor.user_id, "reason": reason.strip()[:200]}
        )
        events.record(actor, "version.pinned", version, after={"pin": row.uid})
    return row


def unpin(actor: Actor, version: ModelVersion) -> None:
    """Leave the version to the policy again."""
    require(actor, version.project, Right.OPERATE)
    with transaction.atomic():
        if VersionPin.objects.filter(version=version).delete()[0]:
            events.record(actor, "version.unpinned", version)


def disk_use(project: Project) -> dict[int, int]:
    """Bytes on disk by version id, from the rows. Results that versions share count for each of them."""
    steps = BuildStep.objects.filter(artifact__weights__project=project, size_bytes__isnull=False)
    sizes = {row.pk: row.bytes or 0 for row in rows_of([project.pk]) if row.path}
    sizes |= dict(steps.values_list("artifact").annotate(total=Sum("size_bytes")).order_by())
    made = artifacts_of(_versions(project))
    return {pk: sizes[artifact.pk] for pk, artifact in made.items() if artifact.pk in sizes}
