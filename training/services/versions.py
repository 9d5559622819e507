"""Model versions: numbered without gaps, immutable, announced."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ConflictError, ProblemError
from training.models import BaseModel, ModelVersion, TrainingRun
from training.signals import version_created

LATEST = "LATEST"


def create_baseline(project: Project, base: BaseModel) -> ModelVersion:
    """Version 0: the bare base model under the project's prompt. Made once."""
    with transaction.atomic():
        version, created = ModelVersion.objects.get_or_create(
            project=project, number=0, defaults={"base": base, "spec": project.spec}
        )
        if created:
            transaction.on_commit(lambda: _announce(version.pk))
    return version


def start_baseline(user: User | None, project: Project, base: BaseModel) -> ModelVersion:
    """A person makes the bare base model version 0. Raises `ConflictError` where the project has a version 0."""
    require(user, project, Right.OPERATE)
    if base.server_name:
        raise ProblemError(f"{base} is only on model servers: use it from their catalogue.")
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        known = ModelVersion.objects.filter(project=project, number=0).first()
        if known is not None:
            raise ConflictError(f"{known} is the baseline of {project.key} already; a project has one.")
        return create_baseline(project, base)


def add_version(project: Project, base: BaseModel, **values: Any) -> ModelVersion:
    """A version that no run made: an untrained model, or an edited one. Numbered like all, 0 where it is the first."""
    with transaction.atomic():
        # The project row serialises numbering.
        Project.objects.select_for_update().get(pk=project.pk)
        newest = ModelVersion.objects.filter(project=project).aggregate(newest=Max("number"))["newest"]
        number = 0 if newest is None else newest + 1
        version = ModelVersion.objects.create(project=project, number=number, base=base, **values)
        transaction.on_commit(lambda: _announce(version.pk))
    return version


def publish_version(run: TrainingRun) -> ModelVersion:
    """The version that a succeeded run made. Calling it twice gives the same version."""
    manifest = json.loads((run_folder(run) / "manifest.json").read_text(encoding="utf-8"))
    adapter = next(
        (entry["sha256"] for path, entry in _files(manifest).items() if path.endswith("adapter_model.safetensors")), ""
    )
    with transaction.atomic():
        # The project row serialises numbering.
        Project.objects.select_for_update().get(pk=run.project_id)
        version = ModelVersion.objects.filter(run=run).first()
        if version is None:
            newest = ModelVersion.objects.filter(project=run.project).aggregate(newest=Max("number"))["newest"]
            version = ModelVersion.objects.create(
                project=run.project,
                number=max(1, (newest or 0) + 1),
                base=run.base,
                spec=run.snapshot.spec,
                run=run,
                adapter_digest=adapter,
            )
        transaction.on_commit(lambda: _announce(version.pk))
    point_latest(run)
    return version


def _files(manifest: dict[str, object]) -> dict[str, dict[str, str]]:
    files = manifest.get("files", {})
    if isinstance(files, list):
        return {entry["path"]: entry for entry in files}
    assert isinstance(files, dict)
    return files


def _announce(version_id: int) -> None:
    version_created.send(sender=ModelVersion, version_id=version_id)


def run_folder(run: TrainingRun) -> Path:
    """The run's DIR on this host."""
    return Path(settings.RUNS_DIR / run.folder)


def point_latest(run: TrainingRun) -> None:
    """`LATEST` in the project's run folder names the newest succeeded run, replaced in one step."""
    folder = run_folder(run)
    pointer = folder.parent / LATEST
    temporary = pointer.with_name(f".{LATEST}.{os.getpid()}")
    temporary.write_text(f"{folder.name}\n", encoding="utf-8")
    temporary.replace(pointer)


def latest_run_folder(project: Project) -> Path | None:
    """Where `LATEST` leads; None before the first succeeded run."""
    pointer = settings.RUNS_DIR / project.key / LATEST
    if not pointer.is_file():
        return None
    return Path(pointer.parent / pointer.read_text(encoding="utf-8").strip())
