"""Frozen exports of the golden samples: how many rows, what is in them, and the files themselves."""

from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from common import jsonl
from labeling.access import Right, project_for
from labeling.views.base import page_context, person
from training import queries
from training.models import Snapshot
from training.services.snapshots import SPLITS, folder_of

PAGE = 20
SHOWN_ROWS = 3


@login_required
@require_safe
def snapshots(request: HttpRequest, key: str) -> HttpResponse:
    """All snapshots of the project, newest first."""
    project = project_for(person(request), key, Right.VIEW)
    page = Paginator(queries.snapshot_rows(project), PAGE).get_page(request.GET.get("page"))
    return render(request, "training/snapshots.html", page_context(request, project, "snapshots", page=page))


@login_required
@require_safe
def snapshot(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One snapshot with its first rows and the runs that trained on it."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(queries.snapshot_rows(project), uid=uid)
    counts = {"train": row.train_rows, "validation": row.validation_rows, "test": row.test_rows}
    context: dict[str, Any] = {
        "snapshot": row,
        "files": [{"split": split, "rows": counts[split], "first": _first_rows(_file(row, split))} for split in SPLITS],
        "left_out": queries.answers_left_out(row),
        "on_this_host": folder_of(row).is_dir(),
        "runs": queries.run_rows(project).filter(snapshot=row)[:PAGE],
    }
    return render(request, "training/snapshot.html", page_context(request, project, "snapshots", **context))


@login_required
@require_safe
def download(request: HttpRequest, key: str, uid: UUID, split: str) -> FileResponse:
    """One file of the snapshot, as the engine reads it; for operators, since it holds every text."""
    project = project_for(person(request), key, Right.OPERATE)
    row = get_object_or_404(queries.snapshot_rows(project), uid=uid)
    path = _file(row, split)
    if split not in SPLITS or not path.is_file():
        raise Http404(f"This host has no {split} file of snapshot {row.short}.")
    name = f"{project.key}-{row.short}-{split}.jsonl"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/jsonl")


def _file(row: Snapshot, split: str) -> Path:
    return folder_of(row) / f"{split}.jsonl"


def _first_rows(path: Path) -> list[dict[str, str]]:
    """The question and the answer of the first rows; none where the file lies on another host."""
    if not path.is_file():
        return []
    rows = islice(jsonl.read(path), SHOWN_ROWS)
    return [{"text": row["prompt"][-1]["content"], "answer": row["completion"][-1]["content"]} for row in rows]
