"""Freeze golden samples into TRL's prompt/completion files: sorted, hashed, never changed afterwards."""

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from common import files, jsonl
from common.actor import Actor
from common.problems import ProblemError
from labeling.kinds import whole
from labeling.models import GoldenSample, Project, Split, TaskSpec
from labeling.prompts import training_row
from labeling.services import events
from labeling.services.fitting import Fitting, reasons
from training.models import Snapshot

SPLITS = tuple(Split.values)
POINTER = "training_data_latest.jsonl"
SAMPLES = "samples.json"
# The key under which a row says its sample, on the way into a snapshot.
SAMPLE = "sample"
Row = Mapping[str, Any]


def freeze_snapshot(actor: Actor, project: Project, *, note: str = "") -> Snapshot:
    """Freeze the current golden samples under the project's newest spec.

    Golden answers that no longer fit the spec (a label was removed, say) are left out, and counted by reason in
    `left_out`. The same samples give the same digest and so the same row. Raises `ProblemError` where there is nothing
    to train on.
    """
    rows, left_out = golden_rows(project)
    return freeze_rows(actor, project, project.spec, rows, note=note, left_out=left_out)


def golden_rows(project: Project) -> tuple[dict[str, list[Row]], dict[str, list[str]]]:
    """The rows of each split, each with the uid of its sample, and the uids of those left out by reason."""
    fitting, left_out = Fitting(project.spec.to_spec()), defaultdict[str, list[str]](list)
    return {split: list(_golden_rows(project, fitting, split, left_out)) for split in SPLITS}, dict(left_out)


def _golden_rows(
    project: Project, fitting: Fitting, split: str, left_out: defaultdict[str, list[str]]
) -> Iterable[Row]:
    golden = (
        GoldenSample.objects.current()
        .filter(project=project, sample__split=split)
        .order_by("sample__content_hash")
        .values_list("sample__uid", "sample__text", "sample__input", "spec", "answer")
    )
    for uid, text, input, given, stored in golden.iterator():
        answer = fitting.read(given, stored)
        if answer is None:
            left_out[fitting.reason].append(str(uid))
        else:
            yield {**training_row(fitting.asked, whole(text, input), answer), SAMPLE: str(uid)}


def _spec_line(spec: TaskSpec) -> str:
    """A version is asked with the spec of its snapshot, so other decoding makes another snapshot."""
    said = dataclasses.asdict(spec.to_spec())
    if said["lists_labels"]:
        # As it was before there was a choice: snapshots of then keep their digests.
        del said["lists_labels"]
    return jsonl.dumps(said, sort_keys=True)


def freeze_rows(
    actor: Actor,
    project: Project,
    spec: TaskSpec,
    rows_by_split: Mapping[str, Iterable[Row]],
    *,
    note: str = "",
    left_out: Mapping[str, list[str]] | None = None,
) -> Snapshot:
    """Write the rows of each split into a folder named by their digest, and record it. Raises as `freeze_snapshot`.

    A row may say the uid of its sample. Those uids, and those of the samples left out by reason, are kept beside the
    rows, not in them: the digest is that of what is trained on.
    """
    counted = {reason: len(uids) for reason, uids in (left_out or {}).items()}
    parent = settings.SNAPSHOTS_DIR / project.key
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=parent, prefix=".freezing-"))
    try:
        counts, digest = write_splits(work, rows_by_split, spec, left_out or {})
        if not counts[Split.TRAIN]:
            raise ProblemError(nothing_to_train(counted))
        _settle(work, parent / digest)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    values = {
        "spec": spec,
        "folder": f"{project.key}/{digest}",
        **{f"{split}_rows": counts[split] for split in SPLITS},
        "left_out": counted,
        "note": note,
    }
    with transaction.atomic():
        snapshot, created = Snapshot.objects.get_or_create(project=project, digest=digest, defaults=values)
        if created:
            events.record(actor, "snapshot.frozen", snapshot, after={"digest": digest, **counts})
    _point_latest(parent, digest)
    return snapshot


def nothing_to_train(left_out: Mapping[str, int]) -> str:
    """Why there is no training row, in words."""
    if left_out:
        return f"None of the approved answers fits the task of today: {reasons(left_out)}. See the project's labels."
    return "There are no golden samples in the train split yet. Review some samples first."


def write_splits(
    folder: Path, rows_by_split: Mapping[str, Iterable[Row]], spec: TaskSpec, left_out: Mapping[str, list[str]]
) -> tuple[dict[str, int], str]:
    """The files of a snapshot in `folder`: how many rows each has, and the digest of them all."""
    whole, counts = hashlib.sha256(f"spec {_spec_line(spec)}\n".encode()), {}
    samples: dict[str, Any] = {"left_out": dict(left_out)}
    for split in SPLITS:
        # Sorted by content, so that the order in which samples were reviewed leaves no mark on the digest.
        rows = sorted(_line_and_sample(row) for row in rows_by_split.get(split, ()))
        body = "".join(f"{line}\n" for line, _ in rows).encode()
        samples[split] = [uid for _, uid in rows]
        path = folder / f"{split}.jsonl"
        path.write_bytes(body)
        path.chmod(0o444)
        whole.update(f"{split} {hashlib.sha256(body).hexdigest()}\n".encode())
        counts[split] = len(rows)
    files.write_text(folder / SAMPLES, json.dumps(samples))
    return counts, whole.hexdigest()


def _line_and_sample(row: Row) -> tuple[str, str]:
    return jsonl.dumps({key: row[key] for key in row if key != SAMPLE}, sort_keys=True), str(row.get(SAMPLE, ""))


def samples_of(snapshot: Snapshot) -> dict[str, Any]:
    """The uids of its samples: by split in the order of the rows, and under `left_out` by reason. Empty elsewhere."""
    try:
        found = json.loads((folder_of(snapshot) / SAMPLES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


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
    with files.replaced(parent / POINTER) as aside:
        aside.unlink(missing_ok=True)
        aside.symlink_to(Path(digest) / "train.jsonl")


def fault_of(snapshot: Snapshot) -> str:
    """What is wrong with its files on this host, in words; empty where they are what was frozen."""
    folder = folder_of(snapshot)
    whole = hashlib.sha256(f"spec {_spec_line(snapshot.spec)}\n".encode())
    for split in SPLITS:
        path = folder / f"{split}.jsonl"
        if not path.is_file():
            return f"{path.name} is gone"
        whole.update(f"{split} {files.sha256_of(path)}\n".encode())
    return "" if whole.hexdigest() == snapshot.digest else "their digest is another one"


def folder_of(snapshot: Snapshot) -> Path:
    """The snapshot's folder on this host."""
    return Path(settings.SNAPSHOTS_DIR / snapshot.folder)
