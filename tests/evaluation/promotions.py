"""Promotions that went through the services, and their evidence as files: whole, or with something changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import jsonl
from deployment.models import Deployment
from evaluation.bundles import writing
from evaluation.services.bundles import bundle_of
from evaluation.verify import looked_at
from tests.factories import SYSTEM

Rows = list[dict[str, Any]]


def written(path: Path, deployment: Deployment) -> Path:
    path.write_bytes(b"".join(bundle_of(SYSTEM, deployment)))
    return path


def forged(path: Path, change: Callable[[Rows], object]) -> Path:
    """The file with something changed, and its digests made to fit again, as who forges it would."""
    rows = [row for row in jsonl.read(path) if row["part"] != "end"]
    change(rows)
    path.write_bytes(b"".join(writing.lines(rows)))
    return path


def part(rows: Rows, name: str, place: int = 0) -> dict[str, Any]:
    return [row for row in rows if row["part"] == name][place]


def wrong(path: Path) -> dict[str, str]:
    """What does not hold, by what was looked at."""
    return {said.what: said.sentence for said in looked_at(path) if said.ok is False}


def unseen(path: Path) -> dict[str, str]:
    return {said.what: said.sentence for said in looked_at(path) if said.ok is None}
