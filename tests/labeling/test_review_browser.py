"""Reviewing by keyboard alone, in a real browser."""

import re

import pytest

from labeling import services
from labeling.answers import parse
from labeling.models import GoldenSample, Review
from tests.browser import log_in
from tests.factories import SYSTEM, make_expert, make_project, make_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def propose(project, sample):
    spec, raw = project.spec, '{"labels": ["billing"]}'
    parsed = parse(raw, spec.to_spec(), None)
    services.record_prediction(
        SYSTEM,
        project,
        spec=spec,
        model_tag="shop:v1",
        raw=raw,
        parsed=parsed,
        source="queue",
        sample=sample,
        confidence=0.9,
    )


@pytest.fixture
def project():
    project = make_project("shop")
    for number in range(1, 12):
        propose(project, make_sample(project, f"Message number {number}"))
    return project


@pytest.fixture
def page(browser, live_server, project):
    make_expert(project, "ana")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/shop/review/")
    yield page
    page.close()
    assert not errors


def sees(page, text):
    page.locator("#sample-text", has_text=re.compile(rf"{text}\s*$")).wait_for(timeout=10_000)


def saved(page, text):
    page.locator("#saved", has_text=text).wait_for(timeout=10_000)


def test_ten_samples_are_reviewed_by_keyboard_alone(page):
    page.evaluate("window.neverReloaded = true")
    for number in range(1, 8):
        sees(page, f"number {number}")
        page.keyboard.press("Enter")
    sees(page, "number 8")
    page.keyboard.press("2")
    page.locator("#changes", has_text="Added: delivery").wait_for()
    assert page.locator("#save").inner_text().startswith("Save correction")
    page.keyboard.press("Enter")
    saved(page, "corrected, billing, delivery")
    sees(page, "number 9")
    page.keyboard.press("s")
    sees(page, "number 10")
    page.keyboard.press("u")
    sees(page, "number 9")
    page.keyboard.press("x")
    sees(page, "number 10")
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    sees(page, "number 11")
    assert page.evaluate("window.neverReloaded && document.activeElement.id") == "sample-text"
    actions = list(Review.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["confirm"] * 7 + ["correct", "skip", "undo", "reject", "correct"]
    assert GoldenSample.objects.current().order_by("-id").first().answer == {"labels": ["praise"]}


def test_the_question_mark_shows_the_shortcuts_and_nothing_is_wider_than_a_phone(page):
    page.keyboard.press("?")
    page.locator("#shortcuts[open] dl", has_text="Undo your last decision").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_an_answer_from_the_server_nothing_is_lost(page):
    sees(page, "number 1")
    page.keyboard.press("3")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.locator("#trouble", has_text="Not saved").wait_for()
    assert page.locator("input[value=praise]").is_checked()
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    saved(page, "corrected, billing, praise")
    sees(page, "number 2")


def test_an_answer_that_met_silence_is_sent_again_once_somebody_answers(page):
    sees(page, "number 1")
    page.keyboard.press("3")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.locator("#trouble", has_text="it is sent again by itself").wait_for()
    page.context.set_offline(False)
    saved(page, "corrected, billing, praise")
    sees(page, "number 2")
    page.wait_for_timeout(4000)  # longer than the pause: it is not sent a third time
    assert Review.objects.count() == 1


def test_a_proposal_that_comes_late_is_filled_in(page, project):
    late = make_sample(project, "A late one", rank=-1)
    page.evaluate("window.neverReloaded = true")
    page.keyboard.press("s")
    sees(page, "A late one")
    assert not page.locator("input[value=billing]").is_checked()
    propose(project, late)
    page.locator("#review [data-proposed]").wait_for(timeout=10_000)
    assert page.locator("input[value=billing]").is_checked()
    assert page.evaluate("window.neverReloaded")
