"""Pausing, going on, stopping with the best, cancelling: what each state allows, and who is told."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from common.problems import ConflictError
from labeling.models import Event
from labeling.services import create_token
from tests.factories import SYSTEM, make_operator
from tests.training.helpers import add_events, make_run
from training.models import Snapshot, TrainingRun
from training.services import cancel_run, keep_best, pause_run, repeat_run, resume_run, run_folder
from training.services.folders import prepare_folder

pytestmark = pytest.mark.django_db


def in_state(shop, state, **fields) -> TrainingRun:
    return make_run(shop, state, **fields)


@pytest.mark.parametrize(
    ("verb", "state", "fields", "after"),
    [
        (pause_run, "queued", {}, ("paused", "")),
        (pause_run, "running", {}, ("running", "pause")),
        (resume_run, "paused", {}, ("queued", "")),
        (resume_run, "running", {"ordered": "pause"}, ("running", "")),
        (resume_run, "failed", {"ending": "person"}, ("queued", "")),
        (resume_run, "failed", {"ending": ""}, ("queued", "")),
        (keep_best, "running", {"step": 4}, ("running", "keep")),
        (keep_best, "running", {"step": 4, "ordered": "pause"}, ("running", "keep")),
        (keep_best, "paused", {"step": 4}, ("queued", "keep")),
        (keep_best, "failed", {"step": 4, "ending": "person"}, ("queued", "keep")),
        (cancel_run, "queued", {}, ("cancelled", "cancel")),
        (cancel_run, "paused", {}, ("cancelled", "cancel")),
        (cancel_run, "running", {"ordered": "keep"}, ("running", "cancel")),
    ],
)
def test_an_order_is_obeyed_at_once_or_handed_on(shop, sent, verb, state, fields, after):
    run = in_state(shop, state, **fields)
    sent.clear()
    verb(SYSTEM, run)
    run.refresh_from_db()
    assert (run.state, run.ordered) == after
    assert sent == ([("training.train_run", run.pk)] if after[0] == "queued" else [])


@pytest.mark.parametrize(
    ("verb", "state", "fields", "said"),
    [
        (pause_run, "paused", {}, "is paused already"),
        (pause_run, "succeeded", {}, "has succeeded"),
        (pause_run, "running", {"ordered": "cancel"}, "told to cancel"),
        (pause_run, "running", {"ordered": "keep"}, "told to stop and keep the best"),
        (resume_run, "queued", {}, "waits already"),
        (resume_run, "running", {}, "is at work"),
        (resume_run, "cancelled", {}, "has cancelled"),
        (resume_run, "failed", {"ending": "hopeless"}, "fail in the same way again"),
        (keep_best, "running", {}, "has not made a step yet"),
        (keep_best, "failed", {"step": 4, "ending": "hopeless"}, "has failed"),
        (keep_best, "running", {"step": 4, "ordered": "cancel"}, "told to cancel"),
        (repeat_run, "paused", {}, "has not ended yet"),
        (cancel_run, "failed", {}, "already failed"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(shop, verb, state, fields, said):
    run = in_state(shop, state, **fields)
    with pytest.raises(ConflictError, match=said):
        verb(SYSTEM, run)
    found = TrainingRun.objects.get(pk=run.pk)
    assert (found.state, found.ordered) == (state, fields.get("ordered", ""))


def test_a_run_that_goes_on_begins_its_tries_anew(shop):
    ended = {"error": "The disk is full.", "attempts": 5, "finished_at": timezone.now(), "ending": "person"}
    run = resume_run(SYSTEM, in_state(shop, "failed", retry_at=timezone.now(), **ended))
    assert (run.error, run.attempts, run.finished_at, run.ending, run.retry_at) == ("", 0, None, "", None)
    assert Event.objects.filter(verb="run.resumed", subject_uid=run.uid).exists()


def test_the_order_lies_in_the_folder_when_the_engine_starts(shop):
    run = keep_best(SYSTEM, in_state(shop, "paused", step=4))
    prepare_folder(run)
    assert (run_folder(run) / "control.json").read_text().count("keep") == 1
    run.ordered = ""
    prepare_folder(run)
    assert not (run_folder(run) / "control.json").exists()


def url(name, run):
    return reverse(f"training:{name}", args=[run.project.key, run.uid])


def page(client, run):
    return " ".join(client.get(url("run", run)).content.decode().split())


def test_the_page_offers_what_can_be_done(shop, client):
    client.force_login(make_operator(shop, "olga"))
    running = in_state(shop, "running", step=4)
    assert all(url(name, running) in page(client, running) for name in ("pause", "keep", "cancel"))
    assert url("resume", running) not in page(client, running)
    client.post(url("pause", running))
    found = page(client, running)
    assert "writes a checkpoint at its next step" in found
    assert url("resume", running) in found
    assert url("pause", running) not in found
    paused = in_state(shop, "paused", step=4)
    found = page(client, paused)
    assert "Paused after step 4" in found
    assert "hx-get" not in found.split("run-status", 1)[1].split(">", 1)[0]
    assert all(url(name, paused) in found for name in ("resume", "keep", "cancel"))
    assert "It goes on from its last checkpoint" in client.post(url("resume", paused), follow=True).content.decode()
    assert "waits already" in client.post(url("resume", paused), follow=True).content.decode()
    assert client.get(url("pause", paused)).status_code == 405


def test_stopping_with_the_best_asks_first(shop, client):
    client.force_login(make_operator(shop, "olga"))
    run = in_state(shop, "running", step=4)
    assert "best weights by the validation rows" in client.get(url("keep", run)).content.decode()
    assert "keeps its best" in client.post(url("keep", run), follow=True).content.decode()
    assert TrainingRun.objects.get(pk=run.pk).ordered == "keep"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "failed", "ending": "person", "error": "Ask for access."}, "needs a person"),
        ({"state": "failed", "ending": "hopeless", "error": "No row is left."}, "and would again"),
        (
            {"state": "queued", "ending": "transient", "error": "The hub is away.", "attempts": 1,
             "retry_at": timezone.now() + timedelta(minutes=2)},
            "This may pass by itself: tried again at",
        ),
    ],
)  # fmt: skip
def test_the_page_tells_endings_apart(shop, client, fields, said):
    client.force_login(make_operator(shop, "olga"))
    run = in_state(shop, **fields)
    found = page(client, run)
    assert said in found
    assert fields["error"] in found
    assert (url("resume", run) in found) == (fields["ending"] == "person")


def test_programs_order_the_same(shop):
    run = in_state(shop, "running", step=4)
    _, secret = create_token(SYSTEM, make_operator(shop), "test", [shop], ["operate", "read"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    address = f"/api/v1/projects/shop/runs/{run.uid}"
    assert client.post(f"{address}/pause").json()["ordered"] == "pause"
    assert client.post(f"{address}/resume").json()["ordered"] == ""
    assert client.post(f"{address}/keep").json()["ordered"] == "keep"
    assert client.post(f"{address}/pause").status_code == 409
    assert client.get(address).json()["ending"] == ""


def test_a_head_has_no_best_to_keep_before_its_end(shop, client):
    run = in_state(shop, "running", step=4)
    TrainingRun.objects.filter(pk=run.pk).update(config={**run.config, "objective": "head"})
    run.refresh_from_db()
    with pytest.raises(ConflictError, match="fitted as a whole: there is no best to keep"):
        keep_best(SYSTEM, run)
    client.force_login(make_operator(shop, "olga"))
    page = client.get(reverse("training:run", args=[shop.key, run.uid])).content.decode()
    assert "Cancel…" in page
    assert "Stop and keep the best" not in page


def tuned(shop, validation, steps, evaluate_at=None, state="running") -> TrainingRun:
    """A run by `encoder` that came so far."""
    run = in_state(shop, state, step=steps)
    TrainingRun.objects.filter(pk=run.pk).update(config={**run.config, "objective": "encoder"})
    # A snapshot never changes, but for a test that needs none of its rows.
    Snapshot.objects.filter(pk=run.snapshot_id).update(validation_rows=validation)
    add_events(run, steps, evaluate_at)
    return TrainingRun.objects.get(pk=run.pk)


@pytest.mark.parametrize(
    ("validation", "steps", "evaluate_at", "said"),
    [
        (60, 0, None, "has not made a step yet"),
        (60, 4, None, "No pass over the rows has been judged"),
        (49, 4, 2, "it has 49 validation rows, and fewer than 50 choose none"),
    ],
)
def test_a_fine_tuning_without_a_best_says_so_and_goes_on(shop, client, validation, steps, evaluate_at, said):
    run = tuned(shop, validation, steps, evaluate_at)
    client.force_login(make_operator(shop, "olga"))
    with pytest.raises(ConflictError, match=said):
        keep_best(SYSTEM, run)
    found = page(client, run)
    assert said in found
    assert url("keep", run) not in found
    assert url("cancel", run) in found
    assert said in client.post(url("keep", run), follow=True).content.decode()
    assert TrainingRun.objects.get(pk=run.pk).ordered == ""


@pytest.mark.parametrize(("state", "after"), [("running", ("running", "keep")), ("paused", ("queued", "keep"))])
def test_a_fine_tuning_that_was_judged_is_stopped_with_its_best(shop, client, state, after):
    run = tuned(shop, 60, 4, evaluate_at=2, state=state)
    client.force_login(make_operator(shop, "olga"))
    assert url("keep", run) in page(client, run)
    assert "keeps its best" in client.post(url("keep", run), follow=True).content.decode() or state == "paused"
    run.refresh_from_db()
    assert (run.state, run.ordered) == after
