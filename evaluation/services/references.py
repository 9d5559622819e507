"""What a version is held against."""

from deployment.files import file_of
from deployment.live import live_version
from deployment.models import StagedVersion
from deployment.models.formats import needed_format
from deployment.servers.drivers import serves
from training.models import ModelVersion

State = StagedVersion.State


def reference_version(version: ModelVersion) -> ModelVersion | None:
    """The live version, where that is another one; else version 0, the bare base model. None: there is neither."""
    live = live_version(version.project)
    if live is not None and live.pk != version.pk:
        return live
    others = ModelVersion.objects.filter(project=version.project, number=0).exclude(pk=version.pk)
    return others.select_related("project").first()


def staged_beside(staged: StagedVersion, reference: ModelVersion) -> StagedVersion | None:
    """Where the reference stands, ready to be asked: on the same server, or on another of the project's where that one
    cannot serve it. The cases are the same, and each is asked through a server that serves it.
    """
    rows = StagedVersion.objects.serving_ready(reference)
    if _can_serve(staged, reference):
        rows = StagedVersion.objects.staged().filter(server=staged.server, version=reference)
    return rows.select_related("version__spec", "version__project", "version__run", "server").first()


def nowhere_beside(staged: StagedVersion, reference: ModelVersion) -> str:
    """That the reference is nowhere to be asked, in a sentence."""
    where = f"does not stand on {staged.server}"
    if not _can_serve(staged, reference):
        where = "stands on no server that can serve it"
    return f"{reference}, which it must beat, {where}"


def _can_serve(staged: StagedVersion, reference: ModelVersion) -> bool:
    return serves(staged.server, needed_format(reference))


def is_coming(staged: StagedVersion, reference: ModelVersion) -> bool:
    """The reference is on its way to where it is asked, so that the judgment waits for it."""
    file = file_of(reference)
    if file.under_way:
        return True
    if not _can_serve(staged, reference):
        rows = StagedVersion.objects.filter(version=reference, state__in={State.WAITING, State.STAGING})
        return rows.filter(server__is_active=True, server__policies__project=reference.project_id).exists()
    row = StagedVersion.objects.filter(server=staged.server, version=reference).first()
    if row is not None:
        return row.state in {State.WAITING, State.STAGING}
    served_there = staged.server.is_active and staged.server.policies.filter(project=reference.project).exists()
    return file.built and served_there
