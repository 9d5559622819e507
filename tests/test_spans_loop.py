"""The whole loop on marked pieces of a text, with real processes: taught, proven, judged, promoted, asked."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from common import jsonl
from demo.setup import run_engine
from demo.show import Show
from deployment.files import file_of
from deployment.live import live_version
from deployment.models import StagedVersion
from deployment.serving.predict import predict
from evaluation.models import BaselineResult, Benchmark, GatePolicy, GateReport
from labeling import prompts
from labeling.kinds import LabelDef, Spec, canonical
from labeling.models import Prediction, Project
from labeling.services import decide_known
from tests.deployment.moves import promote
from tests.deployment.standins import local_server, make_server, serve_from
from tests.factories import SYSTEM, make_admin, make_project, make_sample
from tests.workers import eventually, workers
from training.models import BaseModel, ModelVersion, TrainingProfile, TrainingRun
from training.services import register_base, start_run

pytestmark = [pytest.mark.loop, pytest.mark.ml, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

KEY, INSTRUCTION, LABELS = "for-tests", "Mark people and places.", ("person", "place")
PEOPLE, PLACES = ("Ana", "Bo Li", "Cy", "Dee"), ("Rome", "New York", "Oslo", "Bonn")
PROFILE = {"max_length": 256, "max_steps": 30, "batch_size": 8, "learning_rate": 6e-3, "threads": 1}


def told(chance: random.Random, number: int) -> tuple[str, list[list[str]]]:
    """A text that is like no other, and what is to be marked in it."""
    person, place = chance.choice(PEOPLE), chance.choice(PLACES)
    word = "".join(chance.choice("abcdefgh") for _ in range(4))
    return f"{word} {person} is in {place} now", [["person", person], ["place", place]]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A tiny Llama that was taught to mark people alone."""
    chance, spec = random.Random(3), Spec("spans", INSTRUCTION, tuple(map(LabelDef, LABELS)))
    texts = [told(chance, number) for number in range(600)]
    rows = (prompts.training_row(spec, text, canonical(spec, marks[:1], text)) for text, marks in texts)
    jsonl.write(tmp_path / "rows.jsonl", rows)
    sizes = ("--seed", 11, "--steps", 40, "--vocabulary", 500, "--threads", 1)
    run_engine(Show(), "make-tiny", "--data", tmp_path / "rows.jsonl", "--out", tmp_path / "base", *sizes)
    return tmp_path / "base"


@pytest.fixture
def project(base: Path, process_env: dict[str, str], settings: Any, tmp_path: Path) -> Iterator[Project]:
    """A project with test cases and samples to learn from, its workers, and the local model server."""
    settings.LOCAL_MODEL_SERVER_KEY = KEY
    project = make_project("names", "spans", LABELS, instruction=INSTRUCTION)
    chance = random.Random(5)
    for number in range(80):
        text, marks = told(chance, number)
        split = ("test", "validation", *["train"] * 3)[number % 5]
        decide_known(SYSTEM, make_sample(project, text, split=split), marks)
    GatePolicy.objects.create(project=project, free_cases=4, minimum=0.2)
    record = json.loads((base / "base.json").read_text(encoding="utf-8"))
    register_base(SYSTEM, record["name"], str(base), record["revision"])
    TrainingProfile.objects.create(name="short", config=PROFILE)
    env = {**process_env, "LOCAL_MODEL_SERVER_KEY": KEY, "LEASE_SECONDS": "60"}
    with ExitStack() as stack:
        url = settings.LOCAL_MODEL_SERVER_URL = stack.enter_context(local_server(tmp_path / "localserver", KEY))
        server = make_server(url, kind="local", name="local", slots=2)
        serve_from(project, server, proof_prompts=12, answer_prompts=2)
        start: Callable[..., Any] = stack.enter_context(workers(env, tmp_path))
        start("urgent", "default"), start("build"), start("gpu", pool="threads")
        try:
            yield project
        finally:
            for log in sorted(tmp_path.rglob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")


def test_the_whole_loop_on_spans(project: Project) -> None:
    run = start_run(
        SYSTEM,
        project,
        trigger=TrainingRun.Trigger.MANUAL,
        profile=TrainingProfile.objects.get(name="short"),
        base=BaseModel.objects.get(),
        method="sft",
    )
    eventually(lambda: ended(run), 240, "the run never ended")
    assert (run.state, run.error) == ("succeeded", "")
    version = ModelVersion.objects.get(run=run)
    eventually(lambda: is_staged(version), 240, "it was never staged")
    reports = version.parity_reports.all()
    assert reports
    assert all(report.ok is not False for report in reports), [report.sentence for report in reports]
    eventually(lambda: GateReport.objects.filter(staged__version=version).exists(), 240, "it was never judged")
    report = GateReport.objects.get(staged__version=version)
    metrics = Benchmark.objects.get(version=version, decoding="served").metrics
    print(report.verdict, report.sentence, {k: v for k, v in metrics.items() if isinstance(v, float)})
    print([(row.name, row.metrics["main"]) for row in BaselineResult.objects.all()])
    promote(make_admin(), version, reason="the first one")
    assert live_version(project) == version
    found = predict(SYSTEM, project, "well Ana is in Oslo now", source=Prediction.Source.API)
    print(found.raw, found.answer)
    assert 0


def ended(run: TrainingRun) -> bool:
    run.refresh_from_db()
    return not run.unfinished


def is_staged(version: ModelVersion) -> bool:
    assert not file_of(version).failed, file_of(version).error
    failed = StagedVersion.objects.filter(version=version, state="failed").first()
    assert failed is None, failed.error
    return StagedVersion.objects.filter(version=version, state="staged").exists()
