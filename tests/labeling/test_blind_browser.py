"""A test text in a real browser, on a phone and on a desk: no proposal, the same keys."""

import re

import pytest

from labeling.models import GoldenSample, Review, Sample
from tests.browser import log_in
from tests.factories import make_expert, make_project, make_sample
from tests.labeling.proposing import propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}


@pytest.fixture(params=WIDTHS.values(), ids=WIDTHS.keys())
def page(request, browser, live_server):
    """A blind text, then one with a proposal."""
    project = make_project("shop")
    propose(make_sample(project, "The blind one", split="test", rank=1), source="api")
    propose(make_sample(project, "The other one", rank=2))
    make_expert(project, "ana")
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/shop/review/")
    yield page
    page.close()
    assert not errors


def sees(page, text):
    page.locator("#sample-text", has_text=re.compile(rf"{text}\s*$")).wait_for(timeout=10_000)


def test_a_test_text_is_answered_blind_with_the_same_keys(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    sees(page, "The blind one")
    said = page.locator(".proposal").inner_text()
    assert said == "Test text: your own answer first; no proposal is shown."
    assert page.locator(".toggle input:checked, [data-proposed]").count() == 0
    assert page.locator("#save").inner_text().startswith("Save")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.keyboard.press("Enter")
    page.locator("[role=alert]", has_text="No label is chosen").wait_for()
    page.keyboard.press("2")
    page.wait_for_timeout(2500)
    assert not [url for url in asked if "?proposal=" in url]
    assert page.locator("input[value=delivery]").is_checked()
    page.keyboard.press("Enter")
    sees(page, "The other one")
    assert page.locator("input[value=billing]").is_checked()
    page.keyboard.press("Enter")
    page.locator("#saved", has_text="confirmed, billing").wait_for(timeout=10_000)

    blind, beside = Review.objects.order_by("id")
    assert (blind.action, blind.prediction, blind.answer) == ("correct", None, {"labels": ["delivery"]})
    assert beside.action == "confirm"
    assert list(GoldenSample.objects.order_by("id").values_list("given", flat=True)) == ["blind", "seen"]


@pytest.mark.parametrize("page", [WIDTHS["phone"]], ids=["phone"], indirect=True)
def test_a_draft_made_beside_a_proposal_does_not_come_back_once_the_text_is_answered_blind(page):
    sees(page, "The blind one")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    sees(page, "The other one")
    page.keyboard.press("2")
    Sample.objects.filter(text="The other one").update(is_audit=True)
    page.keyboard.press("Enter")
    page.locator("[role=alert]", has_text="this is an audit").wait_for()
    assert page.locator(".toggle input:checked").count() == 0
    page.reload()
    sees(page, "The other one")
    assert page.locator(".toggle input:checked").count() == 0


def test_undo_gives_the_blind_text_back_with_ones_own_answer(page):
    sees(page, "The blind one")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    sees(page, "The other one")
    page.keyboard.press("u")
    sees(page, "The blind one")
    assert page.locator(".toggle input:checked").count() == 1
    assert page.locator("input[value=praise]").is_checked()
    assert page.locator("[data-proposed]").count() == 0
