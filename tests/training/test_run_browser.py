"""A run watched in a real browser: the curve grows, the state changes, and nothing is asked once it has ended."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.browser import log_in
from tests.factories import make_operator, make_project
from tests.training.helpers import add_events, gpu_worker_lives, make_policy, make_run
from training.models import RunEvent, TrainingRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser, live_server, folders):
    """A window of the operator of `shop`; a page error fails the test."""
    project = make_project("shop")
    make_operator(project, "olga")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    window, errors = context.new_page(), []
    window.on("pageerror", lambda error: errors.append(str(error)))
    log_in(window, live_server.url, "olga")
    window.project = project
    yield window
    context.close()
    assert not errors


def curve_has(window, points: int) -> None:
    window.wait_for_selector(f"#loss-chart[data-points='{points}']", state="attached", timeout=10_000)


def test_a_run_is_watched_to_its_end(page, live_server):
    gpu_worker_lives()
    run = make_run(page.project, "running", step=3, total_steps=10, loss=1.0, started_at=timezone.now())
    add_events(run, 3)
    page.goto(live_server.url + reverse("training:run", args=["shop", run.uid]))
    curve_has(page, 3)
    page.evaluate("window.neverReloaded = true")

    payload = {"step": 4, "loss": 0.75, "total_steps": 10}
    RunEvent.objects.create(run=run, seq=5, kind="step", payload=payload, at=timezone.now())
    TrainingRun.objects.filter(pk=run.pk).update(step=4, loss=0.75)
    curve_has(page, 4)
    page.locator(".stat", has_text="4 of 10").wait_for()

    TrainingRun.objects.filter(pk=run.pk).update(state="failed", error="Out of memory.", finished_at=timezone.now())
    page.locator(".notice-bad", has_text="Out of memory.").wait_for()
    assert page.locator("#run-status").get_attribute("hx-get") is None
    assert page.evaluate("window.neverReloaded")
    assert page.locator("#run-log").count() == 1


def test_a_run_is_started_and_cancelled_without_a_worker(page, live_server):
    make_policy(page.project)
    make_run(page.project, "cancelled")  # brings golden samples
    page.goto(live_server.url + reverse("training:runs", args=["shop"]))
    page.click("button:has-text('Freeze a snapshot and start')")
    page.locator("#run-status .notice", has_text="no GPU worker is alive").wait_for()
    page.click("text=Cancel…")
    page.click("button:has-text('Cancel the run')")
    page.locator(".badge", has_text="cancelled").wait_for()
    assert TrainingRun.objects.order_by("-pk").first().state == "cancelled"


def test_a_run_is_paused_and_goes_on(page, live_server):
    run = make_run(page.project, "running", step=3, total_steps=10)
    page.goto(live_server.url + reverse("training:run", args=["shop", run.uid]))
    page.click("button:has-text('Pause')")
    page.locator("#run-status .notice", has_text="writes a checkpoint at its next step").wait_for()
    TrainingRun.objects.filter(pk=run.pk).update(state="paused", ordered="")
    page.locator("#run-status .notice", has_text="Paused after step 3").wait_for()
    assert page.locator("#run-status").get_attribute("hx-get") is None
    page.dblclick("button:has-text('Resume')")
    page.locator(".badge", has_text="queued").wait_for()
    assert page.locator(".messages", has_text="waits already").count() == 0
    assert TrainingRun.objects.get(pk=run.pk).state == "queued"
