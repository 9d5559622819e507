"""Model versions: numbered without gaps, immutable, announced."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from common import actor as actors
from common import files
from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require
from labeling.models import Project
from labeling.services import events
from training.engine.rundir import WEIGHTS, RunDir
from training.engine.validated import VALIDATED
from training.heads.folder import WEIGHTS as HEAD_WEIGHTS
from training.models import BaseModel, ModelVersion, TrainingRun
from training.services.chat import require_thoughts
from training.signals import version_created

LATEST = "LATEST"
_SUPERVISOR = actors.system("training")


def create_baseline(actor: Actor, project: Project, base: BaseModel) -> ModelVersion:
    """Version 0: the bare base model under the project's prompt. Made once; `ProblemError` for an unusable base."""
    if base.obstacle:
        raise ProblemError(base.obstacle)
    if base.is_encoder:
        raise ProblemError(f"{base} is a sentence encoder, which answers nothing by itself. Choose a language model.")
    require_thoughts(project.spec, base)
    with transaction.atomic():
        version, created = ModelVersion.objects.get_or_create(
            project=project, number=0, defaults={"base": base, "spec": project.spec}
        )
        if created:
            events.record(actor, "version.created", version, after=_facts(version))
            transaction.on_commit(lambda: _announce(version.pk))
    return version


def start_baseline(actor: Actor, project: Project, base: BaseModel) -> ModelVersion:
    """A person makes the bare base model version 0. Raises `ConflictError` where the project has a version 0."""
    require(actor, project, Right.OPERATE)
    if base.server_name:
        raise ProblemError(f"{base} is only on model servers: use it from their catalogue.")
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        known = ModelVersion.objects.filter(project=project, number=0).first()
        if known is not None:
            raise ConflictError(f"{known} is the baseline of {project.key} already; a project has one.")
        return create_baseline(actor, project, base)


def add_version(actor: Actor, project: Project, base: BaseModel, **values: Any) -> ModelVersion:
    """A version that no run made: an untrained model, or an edited one. Numbered like all, 0 where it is the first."""
    with transaction.atomic():
        # The project row serialises numbering.
        Project.objects.select_for_update().get(pk=project.pk)
        newest = ModelVersion.objects.filter(project=project).aggregate(newest=Max("number"))["newest"]
        number = 0 if newest is None else newest + 1
        version = ModelVersion.objects.create(
            project=project, number=number, base=base, made_by_id=actor.user_id, **values
        )
        events.record(actor, "version.created", version, after=_facts(version))
        transaction.on_commit(lambda: _announce(version.pk))
    return version


def result_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """What a run leaves that counts on hosts without its folder: the digest of its weights, and how it answered."""
    files = _files(manifest)
    # Where there are both, the head is what is served.
    found = (
        entry["sha256"] for name in (HEAD_WEIGHTS, WEIGHTS) for path, entry in files.items() if path.endswith(name)
    )
    return {"adapter_digest": next(found, ""), VALIDATED: manifest.get(VALIDATED, [])}


def publish_version(run: TrainingRun, actor: Actor = _SUPERVISOR) -> ModelVersion:
    """The version that a succeeded run made. Calling it twice gives the same version."""
    result = run.result or result_of(json.loads(RunDir(run_folder(run)).manifest.read_text(encoding="utf-8")))
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
                method=run.method,
                run=run,
                adapter_digest=result["adapter_digest"],
            )
            events.record(actor, "version.created", version, after=_facts(version))
        transaction.on_commit(lambda: _announce(version.pk))
    point_latest(run)
    return version


def _facts(version: ModelVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "base": version.base.uid,
        "run": version.run.uid if version.run else None,
        "derived_from": version.derived_from.uid if version.derived_from else None,
        "adapter_digest": version.adapter_digest,
    }


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
    if folder.is_dir():  # else on another host
        files.write_text(folder.parent / LATEST, f"{folder.name}\n")
