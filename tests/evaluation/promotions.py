"""Promotions that went through the services, and their evidence as files: whole, or with something changed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common import jsonl
from deployment.models import Deployment, StagedVersion
from evaluation.bundles import writing
from evaluation.models import GatePolicy
from evaluation.services import advance
from evaluation.services.bundles import bundle_of
from evaluation.verify import looked_at
from labeling.models import Project
from tests.deployment.standins import Standin, make_server, make_version, ollama_standin, serve_from, stage_version
from tests.evaluation.worlds import Models, make_golden, right, right_every, text_of
from tests.evaluation.worlds import wrong as answered_wrong
from tests.factories import SYSTEM, make_project

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


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with ollama_standin(tmp_path) as running:
        yield running


@pytest.fixture
def judged(models: Models, standin: Standin) -> Project:
    """The bare base is live and always wrong; 1 is always right, 2 on half of the cases, and once cannot be read."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url), auto_promote=True)
    GatePolicy.objects.create(project=project, free_cases=0)
    for number in range(40):
        make_golden(project, text_of(number))
    tellers = (
        answered_wrong,
        right,
        right_every(2, lambda text: "no idea" if text.split()[2] == "7" else answered_wrong(text)),
    )
    for number, teller in enumerate(tellers):
        models.answer(number, teller)
        stage_version(make_version(project, number), verdict="")
    advance(staged(project, 0).pk)
    return project


def staged(project: Project, number: int) -> StagedVersion:
    return StagedVersion.objects.get(version__project=project, version__number=number)


def live(project: Project) -> Deployment:
    return Deployment.objects.get(project=project, state="live")


@pytest.fixture
def by_the_gate(judged: Project) -> Deployment:
    """Version 1 passed against the base, and the gate promoted it."""
    assert advance(staged(judged, 1).pk).clears
    return live(judged)
