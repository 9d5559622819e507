"""A run's DIR on this host, put right before each attempt: the rows of the database say what belongs into it.

An earlier attempt, a person or another host may have left something else there.
"""

import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from common import files, jsonl
from common.problems import ProblemError
from training.engine import checkpoints
from training.engine.events import read_events
from training.engine.rundir import RunDir
from training.models import RunEvent, TrainingRun
from training.services.locations import resolve_location
from training.services.snapshots import fault_of, folder_of
from training.services.versions import run_folder

logger = logging.getLogger(__name__)


def prepare_folder(run: TrainingRun) -> Path:
    """DIR with `config.yaml`, `data/` and the story so far. `ProblemError` where the snapshot cannot be used."""
    folder = run_folder(run)
    given = RunDir(folder)
    if given.complete:
        return folder
    given.train.parent.mkdir(parents=True, exist_ok=True)
    _put_rows(run, given)
    # The base may lie elsewhere on this host than where the run was asked for, or went on last.
    base = {**run.config["base_model"], "name": resolve_location(run.base), "revision": run.base.revision or None}
    files.write_text(given.config, yaml.safe_dump({**run.config, "base_model": base}, sort_keys=False))
    _put_story(run, given)
    given.give(run.ordered)
    return folder


def _put_rows(run: TrainingRun, given: RunDir) -> None:
    source, targets = folder_of(run.snapshot), (given.train, given.validation)
    if not source.is_dir():
        if all(target.is_file() for target in targets):
            return
        raise ProblemError(
            f"The files of snapshot {run.snapshot.short} are not on this host. Copy {source} to it, or start a worker "
            "on the host where they are; then resume the run."
        )
    fault = fault_of(run.snapshot)
    if fault:
        raise ProblemError(
            f"The files of snapshot {run.snapshot.short} are not what was frozen ({fault}). Put {source} back and "
            "resume the run, or start one on a new snapshot."
        )
    for target in targets:
        frozen = source / target.name
        if not target.is_file() or files.sha256_of(target) != files.sha256_of(frozen):
            with files.replaced(target) as aside:
                shutil.copyfile(frozen, aside)


def _put_story(run: TrainingRun, given: RunDir) -> None:
    """On a host that the run has not been on, or not lately: the events go on where the rows end."""
    rows = RunEvent.objects.filter(run=run).order_by("seq")
    newest = rows.last()
    if newest is None:
        return
    told = read_events(given.events)
    if told and told[-1]["seq"] >= newest.seq:
        return
    jsonl.write(given.events, _lines(run, newest.seq, given))


def _lines(run: TrainingRun, newest: int, given: RunDir) -> Iterator[dict[str, Any]]:
    for event in RunEvent.objects.filter(run=run, seq__lte=newest).order_by("seq").iterator():
        yield {"seq": event.seq, "time": event.at.isoformat(), "kind": event.kind, **event.payload}
    if run.step and not _has_begun(given):
        logger.warning("run %s: its folder is not on this host; it starts from its first step", run.pk)
        said = "The run's checkpoints are not on this host: it starts from its first step."
        yield {"seq": newest + 1, "time": datetime.now(UTC).isoformat(), "kind": "warning", "message": said}


def _has_begun(given: RunDir) -> bool:
    """A checkpoint is here, of the run or of a part of it, or what a head's fit keeps."""
    return any(given.checkpoints.rglob(f"{checkpoints.PREFIX}*")) or any(given.checkpoints.glob("*.npz"))
