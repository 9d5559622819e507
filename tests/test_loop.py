"""The whole loop with real processes: workers, engine, model server, on the session's database and broker."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.test import Client

from common import jsonl
from common.problems import ProblemError
from demo import tiny
from demo.setup import World, make_project, run_engine
from demo.show import Show
from demo.steps.reviewing import import_messages, review_one
from demo.steps.watching import watch_build, watch_judgment, watch_training
from demo.support_tags import INSTRUCTION, MAX_LABELS
from deployment.artifacts.modelfiles import source_of
from deployment.files import file_of
from deployment.live import live_deployment, live_version
from deployment.modelfile import grammar
from deployment.models import Deployment, Verdict
from evaluation.models import Benchmark, GatePolicy, GateReport
from labeling import prompts
from labeling.kinds import LabelDef, Spec
from labeling.models import GoldenSample, Prediction, Review, Sample, Scope
from labeling.services import create_token
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import local_server
from tests.factories import SYSTEM
from tests.workers import eventually, workers
from training.models import ModelVersion, RetrainPolicy, TrainingProfile, TrainingRun
from training.services import create_baseline, register_base

# The loop takes about a minute on two free cores; a busy machine may take some times as long.
pytestmark = [pytest.mark.loop, pytest.mark.ml, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

MESSAGES, REVIEWS, SERVER_KEY = 180, 20, "for-tests"
PROFILE = {"max_length": 256, "max_steps": 30, "batch_size": 8, "learning_rate": 6e-3, "threads": 1}


@pytest.fixture(scope="session")
def tagging_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama that was taught the demo's older scheme for a few steps."""
    folder = tmp_path_factory.mktemp("tagging")
    spec = Spec("multi_label", INSTRUCTION, tuple(map(LabelDef, tiny.TAGS)), MAX_LABELS)
    told = (
        (message["text"], {"labels": tiny.mistaken(message)[:MAX_LABELS]}) for message in tiny.messages(1000, seed=12)
    )
    jsonl.write(folder / "rows.jsonl", (prompts.training_row(spec, text, answer) for text, answer in told))
    sizes = ("--seed", 11, "--steps", 40, "--vocabulary", 600, "--threads", 1)
    run_engine(Show(), "make-tiny", "--data", folder / "rows.jsonl", "--out", folder / "base", *sizes)
    return folder / "base"


@pytest.fixture
def world(tagging_base: Path, tmp_path: Path, transactional_db: None) -> World:
    """What the demo's steps share; the project itself is made in the loop, when its server is up."""
    record = json.loads((tagging_base / "base.json").read_text(encoding="utf-8"))
    base = register_base(SYSTEM, record["name"], str(tagging_base), record["revision"])
    return World(
        Show(), "tiny", tmp_path, base, list(tiny.messages(MESSAGES, seed=11)), [(tag, "") for tag in tiny.TAGS]
    )


@pytest.fixture
def start(process_env: dict[str, str], settings: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts workers that know the model server's key; what they said is shown where the test fails."""
    settings.LOCAL_MODEL_SERVER_KEY = SERVER_KEY
    # Nothing is killed here, and a busy machine must not lose a lease.
    env = {**process_env, "LOCAL_MODEL_SERVER_KEY": SERVER_KEY, "LEASE_SECONDS": "60"}
    with workers(env, tmp_path) as start:
        yield start
    for log in sorted(tmp_path.glob("worker-*.log")):
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}")


def test_the_whole_loop(world: World, start: Callable[..., Any], settings: Any, client: Client, tmp_path: Path) -> None:
    with local_server(tmp_path / "localserver", SERVER_KEY) as url:
        settings.LOCAL_MODEL_SERVER_URL = url
        default, *_ = start("urgent", "default", "bulk", "vectors"), start("build"), start("gpu", pool="threads")
        set_up(world)
        settings.HEALTH_KEY = "for-a-monitor"
        ready = client.get("/readyz", headers={"Authorization": "Bearer for-a-monitor"})
        assert (ready.status_code, set(ready.json()["parts"].values())) == (200, {"ok"}), ready.json()

        v0 = the_baseline_goes_live(world)
        twenty_reviews(world, v0)
        v1, report = the_threshold_trains_and_the_gate_judges(world)
        v1_goes_live(world, v1, report)
        assert_on_disk(v1)
        ask = asker(world, client)
        assert ask("hi parcel is late.") == v1.tag

        sweeps_do_no_harm(default.log)
        assert live_version(world.project) == v1

        rollback(world.admin, world.project, to=v0, reason="to see the way back")
        assert_on_disk(v0)
        assert ask("hi parcel is late.") == v0.tag

    away = client.get("/readyz", headers={"Authorization": "Bearer for-a-monitor"})
    assert away.status_code == 503
    parts = away.json()["parts"]
    assert {name for name, state in parts.items() if state != "ok"} == {"model_server"}
    assert parts["model_server"].startswith(f"local: the model server at {url} does not answer")


def set_up(world: World) -> None:
    """The demo's project, with a threshold and a profile that fit a test."""
    make_project(world)
    TrainingProfile.objects.filter(name="demo-tiny").update(config=PROFILE)
    RetrainPolicy.objects.filter(project=world.project).update(threshold=REVIEWS)
    GatePolicy.objects.filter(project=world.project).update(free_cases=8)
    import_messages(world)
    samples = Sample.objects.filter(project=world.project)
    assert samples.count() == MESSAGES
    assert not samples.filter(split="test").exclude(state="golden").exists()
    assert not samples.exclude(split="test").exclude(state="pending").exists()


def the_baseline_goes_live(world: World) -> ModelVersion:
    """Version 0 is built, proven, staged, and promoted as the baseline by the workers alone."""
    v0 = create_baseline(SYSTEM, world.project, world.base)
    report = watch_judgment(world, watch_build(world, v0))
    assert report.verdict == Verdict.BASELINE
    eventually(lambda: is_live(v0), 60, "the baseline never went live")
    assert file_of(v0).proof["ok"]
    assert live_deployment(world.project).automatic
    return v0


def twenty_reviews(world: World, v0: ModelVersion) -> None:
    """The expert decides on what the live version proposes, and nothing trains a review too early."""
    for _ in range(REVIEWS):
        assert not TrainingRun.objects.exists()
        review_one(world)
    proposed = Review.objects.filter(prediction__model_tag=v0.tag, prediction__source=Prediction.Source.QUEUE)
    assert proposed.count() == REVIEWS
    assert GoldenSample.objects.trainable().filter(project=world.project).count() == REVIEWS


def the_threshold_trains_and_the_gate_judges(world: World) -> tuple[ModelVersion, GateReport]:
    """One run, started by a worker and trained by another; its version is held against the live one."""
    eventually(lambda: TrainingRun.objects.exists(), 60, "the trigger never fired")
    run = TrainingRun.objects.get()
    assert run.trigger == TrainingRun.Trigger.THRESHOLD
    v1 = watch_training(world, run)
    assert (v1.number, run.snapshot.train_rows + run.snapshot.validation_rows) == (1, REVIEWS)
    report = watch_judgment(world, watch_build(world, v1))
    assert report.verdict in {Verdict.PASSED, Verdict.REFUSED, Verdict.INSUFFICIENT}
    assert report.checks
    assert all(isinstance(check["value"], float | int) and check["detail"] for check in report.checks)
    cases = GoldenSample.objects.current().filter(sample__split="test").count()
    for benchmark in (report.candidate, report.reference):
        assert benchmark.state == Benchmark.State.SUCCEEDED
        assert benchmark.results.count() == benchmark.metrics["cases"] == cases
    return v1, report


def v1_goes_live(world: World, v1: ModelVersion, report: GateReport) -> None:
    """By the gate where its look clears it; else a person promotes it, and must say why where it did not pass."""
    if report.clears:
        eventually(lambda: is_live(v1), 60, "the gate cleared it and nobody promoted it")
        return
    assert live_version(world.project).number == 0
    if report.verdict != Verdict.PASSED:
        with pytest.raises(ProblemError, match="give a reason"):
            promote(world.admin, v1)
    done = promote(world.admin, v1, reason="the loop must go on")
    assert (done.state, done.automatic) == ("live", False)


def is_live(version: ModelVersion) -> bool:
    failed = Deployment.objects.filter(version=version, state="failed").first()
    assert failed is None, failed.error
    # It answers from the switch on; its Modelfile is written after that.
    return version.deployments.filter(state=Deployment.State.LIVE).exists()


def assert_on_disk(version: ModelVersion) -> None:
    """The Modelfile names the version that is live, its GGUF and its system message."""
    path = Path(django_settings.DEPLOYMENTS_DIR) / version.project.key / "Modelfile"
    found = grammar.parse(path.read_text(encoding="utf-8"))
    assert f"version {version.tag} (spec {version.spec.number})" in found.comments
    version.refresh_from_db()
    assert found.from_ == source_of(version, file_of(version).artifact)
    assert Path(found.from_).is_file()
    assert INSTRUCTION in found.system


def asker(world: World, client: Client) -> Callable[[str], str]:
    """A client of the predict API: the tag of the version that answered, which the row must name too."""
    _, secret = create_token(SYSTEM, world.admin, "loop", [world.project], [Scope.PREDICT])

    def ask(text: str) -> str:
        response = client.post(
            f"/api/v1/projects/{world.project.key}/predict",
            {"text": text},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert response.status_code == 200, response.content
        answer = response.json()
        assert Prediction.objects.get(uid=answer["uid"]).model_tag == answer["model"]
        return str(answer["model"])

    return ask


def sweeps_do_no_harm(log: Path) -> None:
    """Everything that beat would send, once, to the worker whose log this is: where all is done, nothing is added."""
    before = counts()
    names = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    for name in names:
        current_app.send_task(name)

    def swept() -> bool:
        said = log.read_text(errors="replace")
        return names == set(re.findall(r"Task ([\w.]+)\[[^]]*\] succeeded", said)) & names

    eventually(swept, 180, "the sweeps did not succeed")
    assert counts() == before


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in (TrainingRun, ModelVersion, GateReport, Deployment)}
