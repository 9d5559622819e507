"""Freeze golden samples into TRL's prompt/completion files: sorted, hashed, never changed afterwards."""

import dataclasses
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from common import jsonl
from labeling.models import GoldenSample, Project, Split, TaskSpec
from labeling.problems import ProblemError
from labeling.prompts import training_row
from labeling.services.fitting import Fitting, reasons
from training.models import Snapshot

SPLITS = tuple(Split.values)
POINTER = "training_data_latest.jsonl"
Row = Mapping[str, Any]


def freeze_snapshot(project: Project, *, note: str = "") -> Snapshot:
    """Freeze the current golden samples under the project's newest spec.

    Golden answers that no longer fit the spec (a label was removed, say) are left out, and counted by reason in
    `left_out`. The same samples give the same digest and so the same row. Raises `ProblemError` where there is nothing
    to train on.
    """
    spec = project.spec
    fitting = Fitting(spec.to_spec())
    rows = {split: list(_golden_rows(project, fitting, split)) for split in SPLITS}
    return freeze_rows(project, spec, rows, note=note, left_out=dict(fitting.left_out))


def _golden_rows(project: Project, fitting: Fitting, split: str) -> Iterable[Row]:
    golden = (
        GoldenSample.objects.current()
        .filter(project=project, sample__split=split)
        .order_by("sample__content_hash")
        .values_list("sample__text", "spec", "answer")
    )
    for text, given, stored in golden.iterator():
        answer = fitting.read(given, stored)
        if answer is not None:
            yield training_row(fitting.asked, text, answer)


def _spec_line(spec: TaskSpec) -> str:
    """A version is asked with the spec of its snapshot, so other decoding makes another snapshot."""
    return jsonl.dumps(dataclasses.asdict(spec.to_spec()), sort_keys=True)


def freeze_rows(
    project: Project,
    spec: TaskSpec,
    rows_by_split: Mapping[str, Iterable[Row]],
    *,
    note: str = "",
    left_out: Mapping[str, int] | None = None,
) -> Snapshot:
    """Write the rows of each split into a folder named by their digest, and record it. Raises as `freeze_snapshot`."""
    parent = settings.SNAPSHOTS_DIR / project.key
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=parent, prefix=".freezing-"))
    try:
        counts, digest = _write_splits(work, rows_by_split, _spec_line(spec))
        if not counts[Split.TRAIN]:
            raise ProblemError(_nothing_to_train(left_out or {}))
        _settle(work, parent / digest)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    snapshot, _ = Snapshot.objects.get_or_create(
        project=project,
        digest=digest,
        defaults={
            "spec": spec,
            "folder": f"{project.key}/{digest}",
            "train_rows": counts[Split.TRAIN],
            "validation_rows": counts[Split.VALIDATION],
            "test_rows": counts[Split.TEST],
            "left_out": dict(left_out or {}),
            "note": note,
        },
    )
    _point_latest(parent, digest)
    return snapshot


def _nothing_to_train(left_out: Mapping[str, int]) -> str:
    if left_out:
        return f"None of the approved answers fits the task of today: {reasons(left_out)}. See the project's labels."
    return "There are no golden samples in the train split yet. Review some samples first."


def _write_splits(
    folder: Path, rows_by_split: Mapping[str, Iterable[Row]], spec_line: str
) -> tuple[dict[str, int], str]:
    whole, counts = hashlib.sha256(f"spec {spec_line}\n".encode()), {}
    for split in SPLITS:
        # Sorted by content, so that the order in which samples were reviewed leaves no mark on the digest.
        lines = sorted(jsonl.dumps(row, sort_keys=True) for row in rows_by_split.get(split, ()))
        body = "".join(f"{line}\n" for line in lines).encode()
        path = folder / f"{split}.jsonl"
        path.write_bytes(body)
        path.chmod(0o444)
        whole.update(f"{split} {hashlib.sha256(body).hexdigest()}\n".encode())
        counts[split] = len(lines)
    return counts, whole.hexdigest()


def _settle(work: Path, final: Path) -> None:
    """Move the finished folder to its name; an equal snapshot that is already there stays untouched."""
    try:
        work.chmod(0o755)
        work.rename(final)
    except OSError:
        if not final.is_dir():
            raise


def _point_latest(parent: Path, digest: str) -> None:
    """`training_data_latest.jsonl` leads to the newest train file, replaced in one step."""
    temporary = parent / f".{POINTER}.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(digest) / "train.jsonl")
    temporary.replace(parent / POINTER)


def folder_of(snapshot: Snapshot) -> Path:
    """The snapshot's folder on this host."""
    return Path(settings.SNAPSHOTS_DIR / snapshot.folder)
