"""The method encoder at its doors, and a run of it by real workers on the queue gpu: supervised, killed, resumed."""

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from common.problems import ConflictError, ProblemError
from labeling import services as labeling
from tests.factories import SYSTEM, make_operator, make_project, make_sample
from tests.heads import ENCODER as FOLDER
from tests.heads import have_encoder, make_answers
from tests.training.helpers import make_base, make_policy
from tests.training.test_api import API, client_of
from tests.workers import Worker, eventually, workers
from training.engine.events import read_events
from training.engine.rundir import RunDir
from training.forms import StartRunForm
from training.methods import ENCODER, METHODS
from training.models import ModelVersion, RunEvent, TrainingRun
from training.queries import head_facts
from training.services import keep_best, list_encoder, repeat_run, resume_run, run_folder, start_run
from training.services.dryruns import dry_run
from training.services.reaper import reap

MANUAL = TrainingRun.Trigger.MANUAL
QUICK = {"epochs": 6, "learning_rate": 1e-3, "batch_size": 4, "save_seconds": 0, "threads": 1}


@pytest.fixture
def encoder(settings, tmp_path):
    return have_encoder(settings, tmp_path / "models")


@pytest.mark.django_db
def test_the_method_alone_is_enough_and_a_run_repeats(encoder, shop, sent):
    make_answers(shop, 6)
    make_policy(shop)  # by sft, on a language model
    run = start_run(SYSTEM, shop, trigger=MANUAL, method="encoder", overrides={"epochs": 3})
    assert (run.base.is_encoder, run.profile, run.method, run.way) == (True, None, "encoder", ENCODER)
    assert (run.config["epochs"], run.config["threads"], run.config["task"]["several"]) == (3, None, True)
    assert ("training.train_run", run.pk) in sent
    TrainingRun.objects.filter(pk=run.pk).update(state="failed")
    run.refresh_from_db()
    assert repeat_run(SYSTEM, run).config == run.config
    with pytest.raises(ProblemError, match=r"The training options cannot be used\. strengths"):
        start_run(SYSTEM, shop, trigger=MANUAL, method="encoder", overrides={"strengths": [1]})
    with pytest.raises(ProblemError, match=r"Fine-tuned sentence encoder \(encoder\) has no dry run"):
        dry_run(SYSTEM, shop, method="encoder")
    with pytest.raises(ConflictError, match="has not made a step yet"):
        keep_best(SYSTEM, run)


@pytest.mark.django_db
def test_another_kind_of_base_and_of_task_is_refused_in_words(encoder, shop):
    make_answers(shop, 6)
    language = make_base()
    with pytest.raises(ProblemError, match=r"some-base is a language model\. Choose a sentence encoder as its base"):
        start_run(SYSTEM, shop, trigger=MANUAL, method="encoder", base=language)
    assert "or a method of encoders: head, encoder." in METHODS["lm_head"].misfit(list_encoder(SYSTEM))
    talk = make_project("talk", kind="text", labels=())
    labeling.decide_known(SYSTEM, make_sample(talk), {"text": "Hello."})
    with pytest.raises(ProblemError, match="learns labels, and answers of the kind"):
        start_run(SYSTEM, talk, trigger=MANUAL, method="encoder")
    policy = make_policy(shop, base=language)
    policy.method = "encoder"
    with pytest.raises(ValidationError, match="is made of a sentence encoder"):
        policy.full_clean()
    policy.base, policy.profile = None, None
    policy.full_clean()


@pytest.mark.django_db
def test_policy_page_api_and_command_choose_it(encoder, shop, client):
    make_answers(shop, 6)
    policy = make_policy(shop)
    olga = make_operator(shop, "olga")
    made = client_of(olga, shop, "operate", "read").post(f"{API}/runs", {"method": "encoder"}, format="json").json()
    assert made["method"] == "encoder"
    client.force_login(olga)
    form = StartRunForm(project=shop, policy=policy)
    asked = {"profile": form.initial["profile"], "base": form.initial["base"], "method": "encoder", "again": "on"}
    client.post("/projects/shop/runs/start/", asked)
    said, err = StringIO(), StringIO()
    call_command("start_run", "--project", "shop", "--method", "encoder", "--again", stdout=said, stderr=err)
    assert "No GPU worker is alive" in err.getvalue()
    with pytest.raises(CommandError, match="has no dry run"):
        call_command("start_run", "--project", "shop", "--method", "encoder", "--dry-run")
    policy.method, policy.base, policy.profile = "encoder", None, None
    policy.save()
    start_run(SYSTEM, shop, trigger=MANUAL, again=True)
    assert [row.method for row in TrainingRun.objects.all()] == ["encoder"] * 4
    page = client.get("/projects/shop/runs/").content.decode()
    assert "Fine-tuned sentence encoder" in page
    assert "waits for a GPU worker" in page


@pytest.fixture
def start(process_env, settings, tmp_path, tunable):
    """Workers with torch; an encoder that can be fine-tuned lies in the test's own folder."""
    folder = tmp_path / "models" / FOLDER
    settings.MODELS_DIR, settings.ENCODER_DIR = folder.parent, Path(shutil.copytree(tunable, folder))
    given = {"TOUCHSTONE_MODELS": str(folder.parent), "SENTENCE_ENCODER": folder.name}
    with workers({**process_env, **given}, tmp_path) as start:
        yield start


def fresh(run: TrainingRun) -> TrainingRun:
    run.refresh_from_db()
    return run


def ended(run: TrainingRun) -> bool:
    reap()
    return not fresh(run).unfinished


@pytest.mark.ml
@pytest.mark.django_db(transaction=True)
def test_a_killed_run_goes_on_with_another_worker_and_waits_where_weights_are_missing(start, settings):
    project = make_project("shop")
    make_answers(project, 60)
    run = start_run(SYSTEM, project, trigger=MANUAL, method="encoder", overrides=QUICK)
    weights = settings.ENCODER_DIR / "torch/model.safetensors"
    away = weights.rename(weights.with_suffix(".away"))
    worker: Worker = start("gpu", pool="threads")
    eventually(lambda: ended(run), 180, "the run never ended")
    assert (run.state, run.ending) == ("failed", "person")
    assert "`make encoder` adds them. Then resume the run." in run.error
    away.rename(weights)
    resume_run(SYSTEM, run)
    eventually(lambda: RunEvent.objects.filter(run=run, kind="checkpoint").exists(), 180, "it never came that far")
    worker.kill_all()
    assert fresh(run).state == "running"
    start("gpu", pool="threads")
    eventually(lambda: ended(run), 240, "the run never ended")
    assert (run.state, run.error) == ("succeeded", "")
    events = read_events(RunDir(run_folder(run)).events)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert any(event["kind"] == "resumed" for event in events)
    version = ModelVersion.objects.get(run=run)
    assert (version.method, version.is_head, len(version.adapter_digest)) == ("encoder", True, 64)
    facts = head_facts(version)
    assert facts.told["chosen_by"] == "training rows left out"
    assert facts.metrics["figure"] > 0.7
