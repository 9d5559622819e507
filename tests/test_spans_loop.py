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
from deployment.models import StagedVersion, Verdict
from deployment.serving.predict import predict
from evaluation.models import BaselineResult, Benchmark, GatePolicy, GateReport
from labeling import prompts
from labeling.kinds import LabelDef, Spec, canonical
from labeling.models import Prediction, Project
from labeling.services import decide_known
from tests.deployment.moves import promote
from tests.deployment.standins import local_server, make_server, serve_from
from tests.factories import SYSTEM, make_admin, make_project, make_sample
from tests.forms import it_keeps_the_form
from tests.workers import eventually, workers
from training.models import BaseModel, ModelVersion, TrainingProfile, TrainingRun
from training.services import register_base, start_run

pytestmark = [pytest.mark.loop, pytest.mark.ml, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

KEY, INSTRUCTION, LABELS = "for-tests", "Mark people and places.", ("person", "place")
PEOPLE, PLACES = ("Ana", "Bo Li", "Dee"), ("Rome", "New York", "Oslo")
# What so small a model learns in seconds is beside the point: that its answers keep their form everywhere is not.
DECODING = {"temperature": 0, "seed": 7, "num_predict": 64, "num_ctx": 512}
PROFILE = {"max_length": 256, "max_steps": 20, "batch_size": 8, "learning_rate": 6e-3, "threads": 1}


def told(chance: random.Random, number: int) -> tuple[str, list[list[str]]]:
    """A text that is like no other, and what is to be marked in it."""
    person, place = chance.choice(PEOPLE), chance.choice(PLACES)
    word = "".join(chance.choice("abcdefgh") for _ in range(4))
    return f"{word} {person} in {place}", [["person", person], ["place", place]]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A tiny Llama that was taught the form, and now and then to leave places out."""
    chance, spec = random.Random(3), Spec("spans", INSTRUCTION, tuple(map(LabelDef, LABELS)))
    texts = [told(chance, number) for number in range(600)]
    rows = (
        prompts.training_row(spec, text, canonical(spec, marks[: chance.choice((1, 2, 2))], text))
        for text, marks in texts
    )
    jsonl.write(tmp_path / "rows.jsonl", rows)
    sizes = ("--seed", 11, "--steps", 40, "--vocabulary", 400, "--threads", 1)
    run_engine(Show(), "make-tiny", "--data", tmp_path / "rows.jsonl", "--out", tmp_path / "base", *sizes)
    return tmp_path / "base"


@pytest.fixture
def project(base: Path, process_env: dict[str, str], settings: Any, tmp_path: Path) -> Iterator[Project]:
    """A project with test cases and samples to learn from, its workers, and the local model server."""
    settings.LOCAL_MODEL_SERVER_KEY = KEY
    project = make_project("names", "spans", LABELS, instruction=INSTRUCTION, decoding=DECODING)
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
        serve_from(project, server, proof_prompts=8, answer_prompts=2, answer_agreement=0.5)
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
    eventually(lambda: ended(run), 400, "the run never ended")
    assert (run.state, run.error) == ("succeeded", "")
    version = ModelVersion.objects.get(run=run)
    eventually(lambda: is_staged(version), 500, "it was never staged")
    reports = version.parity_reports.all()
    assert reports
    assert all(report.ok is not False for report in reports), [report.sentence for report in reports]
    eventually(lambda: GateReport.objects.filter(staged__version=version).exists(), 300, "it was never judged")
    report = GateReport.objects.get(staged__version=version)
    assert report.verdict == Verdict.INSUFFICIENT
    benchmark = Benchmark.objects.get(version=version, decoding="served")
    assert (benchmark.state, benchmark.metrics["main_metric"]) == ("succeeded", "span_f1")
    it_keeps_the_form(benchmark)
    assert {row.name for row in BaselineResult.objects.all()} == {"constant", "gazetteer"}
    assert BaselineResult.objects.get(name="gazetteer").metrics["main"] == 1.0
    promote(make_admin(), version, reason="the first one")
    assert live_version(project) == version
    asked = predict(SYSTEM, project, "well Ana in Oslo", source=Prediction.Source.API)
    assert asked.model_tag == version.tag
    assert asked.raw.startswith("{")


def ended(run: TrainingRun) -> bool:
    run.refresh_from_db()
    return not run.unfinished


def is_staged(version: ModelVersion) -> bool:
    assert not file_of(version).failed, file_of(version).error
    failed = StagedVersion.objects.filter(version=version, state="failed").first()
    assert failed is None, failed.error
    return StagedVersion.objects.filter(version=version, state="staged").exists()
