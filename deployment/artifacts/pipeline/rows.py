"""How each step went for an artifact, kept as a row that the pages show."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

from common import leases
from common.problems import ProblemError
from deployment.artifacts.pipeline import store
from deployment.artifacts.pipeline.processes import BuildError
from deployment.models import Artifact, BuildStep
from training.models import ModelVersion
from training.services import awaits_fetching, obtain_base

State = BuildStep.State
_FAILURES = (BuildError, OSError, subprocess.SubprocessError)


def obtain(
    artifact: Artifact, name: str, key: str, ready: Callable[[], None], work: Callable[[store.Workplace], None]
) -> store.StepResult:
    """A step's result, found or made, with its row. `ready` says whether it can be begun, and is asked only then."""
    fresh: dict[str, Any] = {"key": key, "state": State.RUNNING, "reused": False, "error": ""}
    cleared: dict[str, Any] = {"seconds": None, "size_bytes": None, "detail": {}}
    BuildStep.objects.update_or_create(artifact=artifact, name=name, defaults=fresh | cleared)
    started = time.monotonic()
    try:
        found, reused = store.find(name, key), True
        if found is None:
            ready()
            found, reused = store.make(name, key, work)
            leases.moved(Artifact, artifact.pk)
    except _FAILURES as error:
        note(artifact, name, state=State.FAILED, error=str(error), seconds=time.monotonic() - started)
        raise
    seconds = time.monotonic() - started
    note(artifact, name, state=State.DONE, reused=reused, seconds=seconds, size_bytes=found.size)
    return found


def needs_base(weights: ModelVersion) -> bool:
    """Whether its file is made of the base's own weights: a run may have left all that is served."""
    trained = weights.trained_by
    return trained is None or not trained.way.has_own_encoder


def have_base(artifact: Artifact) -> None:
    """The weights of the shipped base, fetched when the first version needs them. Raises `BuildError`."""
    base = artifact.weights.base
    if not awaits_fetching(base):
        obtain_base(base)
        return
    fresh: dict[str, Any] = {"key": "", "state": State.RUNNING, "reused": False, "error": "", "seconds": None}
    BuildStep.objects.update_or_create(artifact=artifact, name=BuildStep.Name.FETCH, defaults=fresh)
    started = time.monotonic()
    try:
        obtain_base(base)
    except ProblemError as error:
        note(artifact, BuildStep.Name.FETCH, state=State.FAILED, error=str(error), seconds=time.monotonic() - started)
        raise BuildError(str(error)) from error
    note(artifact, BuildStep.Name.FETCH, state=State.DONE, seconds=time.monotonic() - started)


def note(artifact: Artifact, name: str, **values: Any) -> None:
    """Write to the row of a step."""
    BuildStep.objects.filter(artifact=artifact, name=name).update(**values)


def not_needed(artifact: Artifact, name: str, key: str) -> None:
    """A step whose result nothing asked for, since what follows from it was there."""
    if not BuildStep.objects.filter(artifact=artifact, name=name, key=key, state=State.DONE).exists():
        values = {"key": key, "state": State.DONE, "reused": True, "error": "", "seconds": 0.0}
        BuildStep.objects.update_or_create(artifact=artifact, name=name, defaults=values | {"size_bytes": None})
