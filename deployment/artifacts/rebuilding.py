"""The way back: a version whose files were removed, lost or never finished is built again."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError
from deployment.artifacts.build import request_build, wanted_artifact
from deployment.artifacts.retention import removed
from deployment.files import UNDER_WAY, artifact_of, is_lost
from deployment.live import live_deployment
from deployment.models import Artifact, Finding, StagedVersion
from labeling.access import Right, require
from labeling.services import events
from training.models import ModelVersion

State = StagedVersion.State


def can_be_rebuilt(version: ModelVersion) -> bool:
    """Its files were removed or are lost, or its build or staging failed."""
    artifact = artifact_of(version)
    if artifact is not None and artifact.state in UNDER_WAY:
        return False
    failed = artifact is not None and artifact.state == Artifact.State.FAILED
    return failed or is_lost(artifact) or bool(removed(version)) or _failed(version).exists()


def rebuild(actor: Actor, version: ModelVersion) -> None:
    """Build such a version again; its tag stays the same. What is live is built as it was, any other as the policy says
    now. Raises `ConflictError` where there is nothing to do.
    """
    require(actor, version.project, Right.OPERATE)
    with transaction.atomic():
        ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if not can_be_rebuilt(version):
            raise ConflictError(f"{version} has its files, or is being built; there is nothing to rebuild.")
        if not version.base.server_name:
            known = artifact_of(version) if _is_served(version) else None
            _want(version, known or wanted_artifact(version))
        else:
            _await(version, None)
        events.record(actor, "version.rebuild_asked", version)
        request_build(version)


def _is_served(version: ModelVersion) -> bool:
    live = live_deployment(version.project)
    is_live = live is not None and live.version_id == version.pk
    return is_live or StagedVersion.objects.filter(version=version).with_an_alias_left().exists()


def _want(version: ModelVersion, artifact: Artifact) -> None:
    """Build it unless it is here and whole, as far as is known: a server that refused the file may know better."""
    values: dict[str, object] = {"wanted_at": timezone.now()}
    if artifact.state != Artifact.State.BUILT or is_lost(artifact) or _failed(version).exists():
        values |= {"state": Artifact.State.WAITING, "attempts": 0, "error": ""}
    Artifact.objects.filter(pk=artifact.pk).exclude(state__in=UNDER_WAY).update(**values)
    _await(version, artifact)


def _await(version: ModelVersion, artifact: Artifact | None) -> None:
    """It is brought again to the servers that lost it, refused it or cannot load it."""
    broken = Finding.objects.filter(version=version, kind=Finding.Kind.BROKEN, state=Finding.State.OPEN)
    lacking = Q(state__in=[State.REMOVED, State.FAILED]) | Q(state=State.STAGED, server__in=broken.values("server"))
    StagedVersion.objects.filter(lacking, version=version).update(
        state=State.WAITING, attempts=0, error="", tag=version.server_tag, artifact=artifact
    )


def _failed(version: ModelVersion) -> QuerySet[StagedVersion]:
    return StagedVersion.objects.filter(version=version, state=State.FAILED)
