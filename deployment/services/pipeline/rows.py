"""How each step went for a version, kept as a row that the pages show."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

from deployment.models import BuildStep
from deployment.services.pipeline import store
from deployment.services.pipeline.processes import BuildError
from labeling.problems import ProblemError
from training.models import ModelVersion
from training.services import awaits_fetching, obtain_base

State = BuildStep.State
_FAILURES = (BuildError, OSError, subprocess.SubprocessError)


def obtain(
    version: ModelVersion, name: str, key: str, ready: Callable[[], None], work: Callable[[store.Workplace], None]
) -> store.StepResult:
    """A step's result, found or made, with its row. `ready` says whether it can be begun, and is asked only then."""
    fresh: dict[str, Any] = {"key": key, "state": State.RUNNING, "reused": False, "error": ""}
    cleared: dict[str, Any] = {"seconds": None, "size_bytes": None, "detail": {}}
    BuildStep.objects.update_or_create(version=version, name=name, defaults=fresh | cleared)
    started = time.monotonic()
    try:
        found, reused = store.find(name, key), True
        if found is None:
            ready()
            found, reused = store.make(name, key, work)
    except _FAILURES as error:
        note(version, name, state=State.FAILED, error=str(error), seconds=time.monotonic() - started)
        raise
    seconds = time.monotonic() - started
    note(version, name, state=State.DONE, reused=reused, seconds=seconds, size_bytes=found.size)
    return found


def have_base(version: ModelVersion) -> None:
    """The weights of the shipped base, fetched when the first version needs them. Raises `BuildError`."""
    if not awaits_fetching(version.base):
        obtain_base(version.base)
        return
    fresh: dict[str, Any] = {"key": "", "state": State.RUNNING, "reused": False, "error": "", "seconds": None}
    BuildStep.objects.update_or_create(version=version, name=BuildStep.Name.FETCH, defaults=fresh)
    started = time.monotonic()
    try:
        obtain_base(version.base)
    except ProblemError as error:
        note(version, BuildStep.Name.FETCH, state=State.FAILED, error=str(error), seconds=time.monotonic() - started)
        raise BuildError(str(error)) from error
    note(version, BuildStep.Name.FETCH, state=State.DONE, seconds=time.monotonic() - started)


def note(version: ModelVersion, name: str, **values: Any) -> None:
    """Write to the row of a step."""
    BuildStep.objects.filter(version=version, name=name).update(**values)


def not_needed(version: ModelVersion, name: str, key: str) -> None:
    """A step whose result nothing asked for, since what follows from it was there."""
    if not BuildStep.objects.filter(version=version, name=name, key=key, state=State.DONE).exists():
        values = {"key": key, "state": State.DONE, "reused": True, "error": "", "seconds": 0.0}
        BuildStep.objects.update_or_create(version=version, name=name, defaults=values | {"size_bytes": None})
