"""The whole loop on a head, with real processes that have no torch: by pages, from samples to a rollback."""

import csv
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployment.files import file_of
from deployment.live import live_version
from deployment.models import Artifact, Deployment, ParityReport, StagedVersion
from evaluation.models import Benchmark, GatePolicy, GateReport
from labeling.models import Prediction, Project, Role, Scope
from labeling.services import create_token, decide_known
from tests.config.site import csrf, log_in
from tests.deployment.standins import local_server, make_server, serve_from
from tests.encoders import make_encoder
from tests.factories import SYSTEM, TAGS, acting, make_admin, make_manager, make_member, make_project, make_sample
from tests.training.heads.folders import VOCABULARY, text_of
from tests.web import web_process
from tests.without_torch import without_torch
from tests.workers import Worker, eventually, workers
from training.models import BaseModel, ModelVersion, TrainingRun
from training.services import load_builtin_profiles
from training.services.policies import give_retrain_policy

pytestmark = [pytest.mark.loop, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
KEY, ENCODER = "for-tests", "tiny-encoder"
ROOT = Path(__file__).parents[1]
DOCS, CLIENT = ROOT / "docs" / "api.md", ROOT / "clients" / "python"


@pytest.fixture
def env(process_env: dict[str, str], settings: Any, tmp_path: Path) -> dict[str, str]:
    """Of all processes: an encoder is there, torch is not."""
    models = tmp_path / "models"
    make_encoder(models / ENCODER, VOCABULARY)
    settings.MODELS_DIR, settings.ENCODER_DIR, settings.LOCAL_MODEL_SERVER_KEY = models, models / ENCODER, KEY
    given = {"TOUCHSTONE_MODELS": str(models), "SENTENCE_ENCODER": ENCODER, "LOCAL_MODEL_SERVER_KEY": KEY}
    return without_torch(tmp_path / "blocked", {**process_env, **given, "LEASE_SECONDS": "60"})


class Site:
    """The pages, as an operator sees them."""

    def __init__(self, http: httpx.Client, project: Project) -> None:
        self.http, self.project, self.at = http, project, f"/projects/{project.key}"

    def page(self, path: str) -> str:
        answer = self.http.get(f"{self.at}/{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Send a form of a page, with what the page itself puts into it."""
        shown = self.http.get(f"{self.at}/{page}")
        hidden = dict(re.findall(r'name="(premise|once)" value="([^"]+)"', shown.text))
        answer = self.http.post(
            f"{self.at}/{path}",
            data={**csrf(shown), **hidden, **fields},
            headers={"Referer": str(shown.url)},
            follow_redirects=True,
        )
        assert answer.status_code == 200, answer.text
        return answer


@pytest.fixture
def shop(db: None) -> Project:
    """A project with test cases, and samples that are answered one after the other."""
    project = make_project("shop")
    chance = random.Random(5)
    for number in range(80):
        labels = [TAGS[number % 3]]
        text = f"{text_of(labels, chance)} {number}"
        decide_known(SYSTEM, make_sample(project, text, split="test"), {"labels": labels})
    GatePolicy.objects.create(project=project, free_cases=4, minimum=0.3)
    return project


def answered(project: Project, count: int, *, right: bool) -> None:
    """More golden samples; where the expert slept, with answers that say nothing of the text."""
    chance = random.Random(count)
    for number in range(count):
        labels = [TAGS[number % 3]]
        text = f"{text_of(labels, chance)} {count}{number}"
        answer = labels if right else [chance.choice(TAGS)]
        sample = make_sample(project, text, split="validation" if number % 4 == 0 else "train")
        decide_known(SYSTEM, sample, {"labels": answer})


@pytest.fixture
def site(env: dict[str, str], shop: Project, settings: Any, tmp_path: Path) -> Iterator[Site]:
    """Web, the workers of an installation that cannot train language models, and the local model server."""
    load_builtin_profiles(SYSTEM)
    BaseModel.objects.create(name="some-base", location="smollm2-135m-instruct")
    give_retrain_policy(SYSTEM, shop)
    make_admin("ada")
    with ExitStack() as stack:
        url = stack.enter_context(local_server(tmp_path / "localserver", KEY))
        serve_from(shop, make_server(url, kind="local", name="local", slots=2), auto_promote=True, proof_prompts=40)
        start: Callable[..., Worker] = stack.enter_context(workers(env, tmp_path))
        start("urgent", "default")
        start("heads", pool="threads")
        start("build")
        web = stack.enter_context(web_process(env, tmp_path / "web"))
        http = stack.enter_context(httpx.Client(base_url=web, timeout=60))
        assert log_in(http, "/login/").status_code == 302
        try:
            yield Site(http, shop)
        finally:
            for log in sorted(tmp_path.rglob("*.log")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")


def test_the_whole_loop_on_a_head(site: Site, tmp_path: Path) -> None:
    shop = site.project
    answered(shop, 16, right=False)
    v1 = trained(site)
    the_file_is_proven(v1)
    told = site.page(f"versions/{v1.number}/")
    for words in ("tests/tiny", "16 tokens of a text", "Calibration", "on rows left out", "ONNX"):
        assert words in told
    report = judged(v1)
    assert report.verdict == "insufficient"
    assert "no benchmark of the live version or of the baseline" in report.sentence
    site.post(f"versions/{v1.number}/promote/", f"versions/{v1.number}/promote/", reason="the first one")
    assert live_version(shop) == v1

    answered(shop, 90, right=True)
    v2 = trained(site)
    report = judged(v2)
    assert report.verdict == "passed", report.sentence
    eventually(lambda: live_version(shop) == v2, 60, "the gate passed it, and nobody promoted it")
    assert Deployment.objects.get(version=v2).automatic
    neighbours = Benchmark.objects.get(version=v2, decoding="served").metrics
    assert neighbours["psr"] == 1.0

    it_answers(site, v2)
    site.post(f"versions/{v1.number}/rollback/", f"versions/{v1.number}/rollback/", reason="to see the way back")
    assert live_version(shop) == v1
    assert ask(site, "where is my parcel")["model"] == v1.tag
    the_script_of_the_docs_goes_the_same_way(site, tmp_path)


def the_script_of_the_docs_goes_the_same_way(site: Site, folder: Path) -> None:
    """From a file of texts with labels to a promoted version, by the Python client alone."""
    post = make_project("letters")
    load_builtin_profiles(SYSTEM)
    give_retrain_policy(SYSTEM, post)
    serve_from(post, site.project.serving_policy.servers.get(), proof_prompts=40)
    GatePolicy.objects.create(project=post, free_cases=4)
    chance, labels = random.Random(7), list(TAGS)
    rows = [[text_of([labels[number % 3]], chance) + f" {number}", labels[number % 3]] for number in range(120)]
    with (folder / "texts.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *rows])
    (script,) = re.findall(r"```python\n(import csv.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(script.splitlines()) <= 25
    scopes = [scope for scope in Scope if scope not in (Scope.SERVERS, Scope.FEEDBACK)]
    _, secret = create_token(SYSTEM, make_manager(post), "script", [post], scopes)
    asked = [sys.executable, "-c", script, str(site.http.base_url), secret, "letters", str(folder / "texts.csv")]
    told = subprocess.run(asked, env={**os.environ, "PYTHONPATH": str(CLIENT)}, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[0].endswith("texts with known answers")
    live = live_version(post)
    assert live is not None
    assert told.stdout.splitlines()[1].startswith(f"<Version {live.tag}> ")
    assert told.stdout.splitlines()[-1].startswith(f"{live.tag} {{'labels': [")


def trained(site: Site) -> ModelVersion:
    """A run of the method head, started on its page with all else as it stands there."""
    before, policy = TrainingRun.objects.count(), site.project.retrain_policy
    shown = {"profile": str(policy.profile_id), "base": str(policy.base_id or "")}
    site.post("runs/", "runs/start/", **shown, method="head")
    assert TrainingRun.objects.count() == before + 1
    run = TrainingRun.objects.first()
    eventually(lambda: ended(run), 90, "the run never ended")
    run.refresh_from_db()
    assert (run.state, run.error, run.base.name, run.base.is_encoder) == ("succeeded", "", "tiny", True)
    assert run.environment["libraries"]["onnxruntime"]
    assert "torch" not in run.environment["libraries"]
    assert "Head on a sentence encoder" in site.page(f"runs/{run.uid}/")
    return ModelVersion.objects.get(run=run)


def ended(run: TrainingRun) -> bool:
    run.refresh_from_db()
    return not run.unfinished


def the_file_is_proven(version: ModelVersion) -> None:
    """Built by a worker on the queue heads, and proven there and on the server."""
    eventually(lambda: file_of(version).state in ("built", "failed"), 90, "its file was never built")
    artifact = Artifact.objects.get(weights=version)
    assert (artifact.state, artifact.format, artifact.error) == ("built", "onnx", "")
    assert [step.name for step in artifact.build_steps.all()] == ["compose", "prove"]
    eventually(lambda: StagedVersion.objects.filter(version=version, state="staged").exists(), 60, "never staged")
    here, there = ParityReport.objects.filter(version=version).order_by("id")
    assert (here.question, here.server, here.ok, here.agreed) == ("head", None, True, here.checked)
    assert (there.question, there.server.name, there.ok) == ("head", "local", True)
    assert there.checked == min(40, here.checked)


def judged(version: ModelVersion) -> GateReport:
    eventually(lambda: GateReport.objects.filter(staged__version=version).exists(), 120, "it was never judged")
    return GateReport.objects.filter(staged__version=version).first()


def ask(site: Site, text: str) -> dict[str, Any]:
    owner = make_member(site.project, Role.OPERATOR)
    _, secret = create_token(acting(owner), owner, "loop", [site.project], [Scope.PREDICT])
    answer = site.http.post(
        f"/api/v1/projects/{site.project.key}/predict",
        json={"text": text},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def it_answers(site: Site, version: ModelVersion) -> None:
    """By the canonical text of the kind, as sure as its own probability; what it did not read is said."""
    found = ask(site, "please where is my refund")
    assert (found["model"], found["answer"], found["status"]) == (version.tag, {"labels": ["billing"]}, "strict")
    row = Prediction.objects.get(uid=found["uid"])
    assert row.raw == json.dumps({"labels": ["billing"]})
    assert 0.3 < row.confidence < 1
    assert row.reason == ""
    ask(site, "refund " * 40)
    newest = Prediction.objects.order_by("-id").first()
    assert newest.reason == "The text is longer than the 16 tokens that are read; its rest was not read."
    ask(site, "Где моя посылка")
    assert "characters that the encoder does not know" in Prediction.objects.order_by("-id").first().reason
