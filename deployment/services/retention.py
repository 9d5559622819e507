"""Retention: old versions lose their files on servers and on disk, never their rows; pins, and the way back."""

import logging
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from deployment import retention
from deployment.drivers import DriverError, driver_for
from deployment.models import BuildStep, Deployment, ServingPolicy, StagedVersion, Verdict, VersionPin
from deployment.services.live import MOVING, live_deployment
from deployment.services.pipeline import store
from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = StagedVersion.State
_BUILDING = (ModelVersion.State.TRAINED, ModelVersion.State.BUILDING)


def retain() -> list[ModelVersion]:
    """Beat: remove the files of versions that no served project keeps; the versions removed now."""
    for staged in StagedVersion.objects.filter(state=State.REMOVED).exclude(error="").select_related("server"):
        _remove_from_server(staged)
    gone: list[ModelVersion] = []
    for policy in ServingPolicy.objects.filter(project__archived_at=None).select_related("project"):
        reasons = keeping(policy.project)
        built = ModelVersion.objects.filter(project=policy.project, state=ModelVersion.State.BUILT)
        for version in built.select_related("project", "base"):
            if version.number not in reasons and _stands(version) and _let_go(version):
                gone.append(version)
    _clear_disk()
    return gone


def keeping(project: Project) -> dict[int, str]:
    """Number -> why the version's files stay, by the project's serving policy; those that are not named may go."""
    policy = ServingPolicy.objects.filter(project=project).first() or ServingPolicy(project=project)
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
        retention.Standing(
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
    return retention.kept(standings, now=now, previous=policy.keep_previous, days=policy.keep_days)


def _busy(project: Project) -> dict[int, str]:
    """Versions that something is under way with, by id."""
    found = {}
    for version in ModelVersion.objects.filter(project=project, state__in=_BUILDING):
        found[version.pk] = "being built"
    for staged in StagedVersion.objects.filter(version__project=project):
        if staged.state in (State.WAITING, State.STAGING):
            found[staged.version_id] = "being staged"
        elif staged.state == State.STAGED and not staged.verdict:
            found[staged.version_id] = "being judged"
    for move in Deployment.objects.filter(project=project, state__in=MOVING):
        found[move.version_id] = "in a move"
        if move.previous_id is not None:
            found[move.previous_id] = "in a move"
    return found


def _let_go(version: ModelVersion) -> bool:
    """Take the version's tags from the servers and its file's name from its row; False where it is needed after all.

    The rows change first: no promotion can then begin on files that are about to go.
    """
    with transaction.atomic():
        locked = ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if version.number in keeping(version.project) or locked.state != ModelVersion.State.BUILT:
            return False
        rows = list(StagedVersion.objects.filter(version=version).exclude(state=State.REMOVED).select_related("server"))
        StagedVersion.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.REMOVED, error="To be removed from the server."
        )
        path = Path(settings.ARTIFACTS_DIR) / locked.gguf_path if locked.gguf_path else None
        ModelVersion.objects.filter(pk=version.pk).update(gguf_path="", adapter_path="")
    done = [_remove_from_server(row) for row in rows]
    if path and all(done) and store.steps_folder() not in path.parents:
        path.unlink(missing_ok=True)
    logger.info("%s: files removed, as the serving policy says", version)
    return True


def _remove_from_server(staged: StagedVersion) -> bool:
    """Delete the tag; a server that is away is asked again by the next sweep."""
    try:
        driver_for(staged.server).remove(staged.tag)
    except DriverError as error:
        StagedVersion.objects.filter(pk=staged.pk, state=State.REMOVED).update(error=f"Still on the server: {error}")
        return False
    StagedVersion.objects.filter(pk=staged.pk, state=State.REMOVED).update(error="")
    return True


def _clear_disk() -> None:
    """Remove results of steps that no version needs, and what killed steps left where nobody works any more."""
    needed = _needed()
    for folder in store.steps_folder().glob("*/*"):
        # `.<key>.<random>` is the folder of an attempt, killed where nobody holds the key's lock.
        name, key = folder.parent.name, folder.name.split(".")[1] if "." in folder.name else folder.name
        if not folder.is_dir() or (name, key) in needed:
            continue
        begun = BuildStep.objects.filter(name=name, key=key, version__state__in=_BUILDING).exists()  # since we looked
        if not begun and store.discard_unless_held(name, key):
            BuildStep.objects.filter(name=name, key=key).update(size_bytes=None)


def _needed() -> set[tuple[str, str]]:
    """(step, key) of every result that a version with files, or one being built, follows from.

    A merged model is needed only while its version is built: it is several times the GGUF, and can be made again.
    """
    found = set()
    rows = BuildStep.objects.select_related("version")
    removing = set(
        StagedVersion.objects.filter(state=State.REMOVED).exclude(error="").values_list("version_id", flat=True)
    )
    for row in rows:
        building = row.version.state in _BUILDING
        stands = bool(row.version.gguf_path) or row.version_id in removing
        if building or (stands and row.name != BuildStep.Name.MERGE):
            found.add((row.name, row.key))
    return found


def _stands(version: ModelVersion) -> bool:
    """Its file is here; or, for a model of the servers' catalogues, its tag is on one of them or on its way."""
    if not version.base.server_name:
        return bool(version.gguf_path)
    return StagedVersion.objects.filter(version=version).exclude(state=State.REMOVED).exists()


def removed(version: ModelVersion) -> str:
    """What became of a version whose files are gone and how to have them back; empty where they are there."""
    if version.state != ModelVersion.State.BUILT or _stands(version):
        return ""
    if version.base.server_name and not StagedVersion.objects.filter(version=version).exists():
        return ""  # it waits for a server
    return f"The files of {version} were removed by the serving policy's retention. Rebuild it on its page first."


def rebuild(user: User | None, version: ModelVersion) -> None:
    """Build a version again whose files were removed, or whose build or staging failed. Its tag stays the same."""
    from deployment.tasks import build

    require(user, version.project, Right.OPERATE)
    failed = StagedVersion.objects.filter(version=version, state=State.FAILED)
    with transaction.atomic():
        locked = ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        ended = locked.state == ModelVersion.State.FAILED or failed.exists()
        if locked.state in _BUILDING or not (removed(locked) or ended):
            raise ConflictError(f"{version} has its files, or is being built; there is nothing to rebuild.")
        live = live_deployment(version.project)
        if live is not None and live.version_id == version.pk:
            raise ConflictError(f"{version} is live; it is not touched. Promote another version first.")
        again = [State.REMOVED, State.FAILED]
        StagedVersion.objects.filter(version=version, state__in=again).update(
            state=State.WAITING, attempts=0, error="", tag=version.server_tag
        )
        ModelVersion.objects.filter(pk=version.pk).update(state=ModelVersion.State.TRAINED, attempts=0, error="")
        build.delay_on_commit(version.pk)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask


def pin(user: User | None, version: ModelVersion, reason: str) -> VersionPin:
    """Keep the version's files whatever the policy says. The newest reason stands."""
    require(user, version.project, Right.OPERATE)
    if not reason.strip():
        raise ProblemError("Say why the version must be kept.")
    row, _ = VersionPin.objects.update_or_create(
        version=version, defaults={"user": user, "reason": reason.strip()[:200]}
    )
    return row


def unpin(user: User | None, version: ModelVersion) -> None:
    """Leave the version to the policy again."""
    require(user, version.project, Right.OPERATE)
    VersionPin.objects.filter(version=version).delete()


def disk_use(project: Project) -> dict[int, int]:
    """Bytes on disk by version id, from the rows. Results that versions share count for each of them."""
    steps = BuildStep.objects.filter(version__project=project, size_bytes__isnull=False)
    found = dict(steps.values_list("version_id").annotate(total=Sum("size_bytes")).order_by())
    for version in ModelVersion.objects.filter(project=project).exclude(gguf_path=""):
        found.setdefault(version.pk, version.gguf_bytes or 0)
    return found
