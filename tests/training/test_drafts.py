"""The draft: fitted again after every few golden samples, newest only; what it proposes, and what it leaves alone."""

import random
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from deployment.serving.proposals import unproposed as unproposed_by_live
from labeling.models import Event, Prediction, Sample
from labeling.services import create_project, update_project
from tests.deployment.standins import make_server, serve_from
from tests.encoders import make_encoder
from tests.evaluation.worlds import make_live, make_standing
from tests.factories import SYSTEM, TAGS, make_admin, make_operator, make_sample
from tests.heads import have_encoder, make_answers
from tests.training.heads.folders import text_of
from tests.training.helpers import make_golden, make_policy
from tests.training.test_api import API, client_of
from tests.training.test_pages import body
from training.models import Draft, ModelVersion, RetrainPolicy, TrainingRun, WorkerHeartbeat
from training.services.draft_proposals import for_live, is_for_live, propose, propose_due
from training.services.drafts import check_all_drafts, check_draft, fit_draft, is_due, obstacle_to
from training.services.encoders import list_encoder

pytestmark = pytest.mark.django_db


def heads_worker_lives():
    WorkerHeartbeat.objects.update_or_create(worker="heads@host", queue="heads", defaults={"seen_at": timezone.now()})


@pytest.fixture
def learning(shop, settings, tmp_path):
    """A project with an encoder and a worker, thirty golden samples, and a policy that wants a draft."""
    have_encoder(settings, tmp_path / "models")
    list_encoder(SYSTEM)
    heads_worker_lives()
    make_policy(shop, threshold=1000)
    make_answers(shop, 30)
    return shop


def waiting(project, count=20, seed=5) -> list[Sample]:
    chance = random.Random(seed)
    return [make_sample(project, f"{text_of([TAGS[n % len(TAGS)]], chance)} w{n}", split="train") for n in range(count)]


def switch_on(project) -> None:
    RetrainPolicy.objects.filter(project=project).update(draft_proposes=True)


def test_after_so_many_golden_samples_it_is_fitted_in_seconds(learning, sent):
    check_draft(learning)
    assert ("training.fit_draft", learning.pk) in sent
    draft = fit_draft(learning)
    assert (draft.tag, draft.number, draft.golden, draft.spec) == ("shop:draft", 1, 30, learning.spec)
    assert draft.figure > 0.7
    assert draft.seconds < 20
    assert Event.objects.get(verb="draft.fitted").after["golden"] == 30
    assert not is_due(learning)
    assert fit_draft(learning) is None
    make_answers(learning, 9, seed=2)
    assert not is_due(learning)
    make_answers(learning, 1, seed=3)
    again = fit_draft(learning)
    assert (again.pk, again.number, again.golden) == (draft.pk, 2, 40)
    assert Draft.objects.count() == 1
    assert not ModelVersion.objects.exists()
    assert not TrainingRun.objects.exists()


def test_off_is_off_and_the_sweep_finds_what_is_due(learning, sent):
    RetrainPolicy.objects.update(draft_every=0)
    check_all_drafts()
    assert not is_due(learning)
    assert sent == []
    RetrainPolicy.objects.update(draft_every=10)
    check_all_drafts()
    assert sent == [("training.fit_draft", learning.pk)]


def test_another_task_and_another_encoder_make_all_samples_new(learning, settings):
    fit_draft(learning)
    switch_on(learning)
    waiting(learning, 3)
    update_project(SYSTEM, learning, instruction="Another one.")
    learning.refresh_from_db()
    assert propose(learning) == 0, "it is a draft of another task"
    assert fit_draft(learning).number == 2
    make_encoder(settings.ENCODER_DIR, "other words refund parcel thanks", name="tests/other")
    assert propose(learning) == 0, "its vectors are of another encoder"
    assert is_due(learning)
    assert fit_draft(learning).number == 3
    assert propose(learning) == 3


def test_what_is_missing_is_said_with_what_to_do(shop, settings, tmp_path):
    make_policy(shop, threshold=1000)
    assert "Fetch one with `make encoder`" in obstacle_to(shop)
    have_encoder(settings, tmp_path / "models")
    list_encoder(SYSTEM)
    assert "celery -A config worker -Q heads" in obstacle_to(shop)
    heads_worker_lives()
    assert obstacle_to(shop) == ""
    WorkerHeartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    make_golden(shop, 12)
    check_draft(shop)
    assert not Draft.objects.exists()
    letters = create_project(SYSTEM, key="letters", name="Letters", kind="text", instruction="Answer it.")
    assert "are not made of any" in obstacle_to(letters)


def test_it_proposes_only_where_the_project_asks_and_names_itself(learning):
    fit_draft(learning)
    samples = waiting(learning)
    assert propose(learning) == 0
    switch_on(learning)
    assert propose(learning) == 20
    assert propose(learning) == 0
    rows = Prediction.objects.filter(model_tag="shop:draft")
    assert {row.sample_id for row in rows} == {sample.pk for sample in samples}
    assert {(row.source, row.status) for row in rows} == {("queue", "strict")}
    assert all(0 < row.confidence <= 1 for row in rows)
    right = sum(
        TAGS[number % len(TAGS)] in rows.get(sample=sample).answer["labels"] for number, sample in enumerate(samples)
    )
    assert right > 12
    make_answers(learning, 10, seed=4)
    fit_draft(learning)
    held = samples[0]
    Sample.objects.filter(pk=held.pk).update(lease_until=timezone.now() + timedelta(minutes=5))
    assert propose(learning) == 19, "what an expert has before them stays as it is"


def test_the_live_version_keeps_a_fifth_drawn_by_chance(learning, sent):
    server = make_server("http://127.0.0.1:1", name="box")
    serve_from(learning, server)
    make_live(make_standing(learning, 1))
    samples = waiting(learning, 60)
    fit_draft(learning)
    assert len(unproposed_by_live(learning, 60)) == 60, "no draft proposes yet"
    switch_on(learning)
    drawn = [sample for sample in samples if is_for_live(sample)]
    assert 3 <= len(drawn) <= 24
    assert [sample.pk for sample in unproposed_by_live(learning, 60)] == [sample.pk for sample in drawn]
    propose(learning, 60)
    proposed = set(Prediction.objects.filter(model_tag="shop:draft").values_list("sample", flat=True))
    assert proposed == {sample.pk for sample in samples} - {sample.pk for sample in drawn}
    make_answers(learning, 10, seed=6)
    fit_draft(learning)
    sent.clear()
    propose_due()
    assert sent == [("training.propose_draft", learning.pk)]
    WorkerHeartbeat.objects.all().delete()
    assert for_live(learning, samples) == samples, "without a worker the live version proposes all"


def test_pages_api_and_admin_tell_of_it(learning, client):
    user = make_operator(learning, "olga")
    client.force_login(user)
    page = body(client, reverse("training:runs", args=["shop"]))
    assert "A head is fitted in seconds after every 10 golden samples" in page
    assert "<strong>30 of 10</strong>" in page
    api = client_of(user, learning, "read")
    found = api.get(f"{API}/draft").json()
    assert (found["model"], found["every"], found["fresh"], found["proposes"], found["obstacle"]) == (
        None,
        10,
        30,
        False,
        "",
    )
    fit_draft(learning)
    found = api.get(f"{API}/draft").json()
    assert (found["model"], found["number"], found["golden"], found["fresh"]) == ("shop:draft", 1, 30, 0)
    WorkerHeartbeat.objects.all().delete()
    page = body(client, reverse("training:runs", args=["shop"]))
    assert "<code>shop:draft</code> learnt from 30 golden samples" in page
    assert "No draft is fitted: No worker on the queue heads is alive" in page
    client.force_login(make_admin("root"))
    policy = RetrainPolicy.objects.get()
    page = body(client, reverse("admin:training_retrainpolicy_change", args=[policy.pk]))
    assert "Fitted 1 times, last on 30 golden samples. No worker on the queue heads" in page
