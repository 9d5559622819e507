"""Pages that follow what happens: what a person types, has open or stands on stays, and asking ends with the news."""

import pytest

from deployment.artifacts.retention import pin
from deployment.models import Artifact, StagedVersion
from tests.browser import log_in
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged, make_version
from tests.factories import SYSTEM, make_operator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TWO_POLLS = 4500


@pytest.fixture
def page(browser, live_server, shop):
    make_operator(shop, "olga")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "olga")
    page.polls = []
    page.on("request", lambda request: page.polls.append(request.url) if "hx-request" in request.headers else None)
    yield page
    context.close()
    assert not errors


def test_a_reason_is_typed_while_the_version_is_built(page, live_server, shop):
    version = make_version(shop, 1)
    Artifact.objects.update(state=Artifact.State.BUILDING)
    page.goto(f"{live_server.url}/projects/shop/versions/{version.number}/")
    page.locator("#version > [role=status]", has_text="still to come: building").wait_for()
    page.locator("#pin-reason").focus()
    page.keyboard.type("the audit of")
    page.evaluate("window.box = document.getElementById('pin-reason'); box.setSelectionRange(4, 9)")
    page.wait_for_timeout(TWO_POLLS)
    assert page.polls
    Artifact.objects.update(state=Artifact.State.BUILT)
    page.locator("#version:not([hx-get])").wait_for(timeout=15_000)
    assert page.locator("#version > [role=status]").text_content() == ""
    kept = (
        "box.isConnected && document.activeElement === box && [box.value, box.selectionStart, box.selectionEnd].join()"
    )
    assert page.evaluate(kept) == "the audit of,4,9"
    page.polls.clear()
    page.wait_for_timeout(TWO_POLLS)
    assert page.polls == []
    page.keyboard.press("End")
    page.keyboard.type(" May")
    page.keyboard.press("Enter")
    page.locator("p", has_text="Pinned by olga: the audit of May").wait_for()


def test_a_form_that_is_begun_does_not_become_another_one(page, live_server, shop):
    version = make_version(shop, 1)
    Artifact.objects.update(state=Artifact.State.BUILDING)
    page.goto(f"{live_server.url}/projects/shop/versions/1/")
    page.locator("#pin-reason").fill("the audit")
    pin(SYSTEM, version, "a colleague's reason")
    page.locator("text=Kept: pinned").wait_for(timeout=10_000)
    page.wait_for_timeout(TWO_POLLS)
    form = page.locator("form:has(#pin-reason)")
    assert form.count() == 1
    assert form.get_attribute("action").endswith("/versions/1/pin/")
    assert page.locator("#pin-reason").input_value() == "the audit"


def test_what_is_open_stays_open_and_the_focus_where_it_is(page, live_server, shop):
    promote(SYSTEM, make_staged(shop, 1))
    coming = make_staged(shop, 2)
    StagedVersion.objects.filter(version=coming).update(state="staging")
    page.goto(f"{live_server.url}/projects/shop/deployments/")
    page.locator("summary", has_text="Modelfile").press("Enter")
    page.locator("#deployments details[open] pre").focus()
    page.evaluate("window.seen = document.activeElement")
    assert page.locator("text=Promote…").count() == 0
    StagedVersion.objects.filter(version=coming).update(state="staged")
    page.locator("text=Promote…").wait_for(timeout=15_000)
    assert page.evaluate("seen.isConnected && document.activeElement === seen")
    assert page.locator("#deployments details[open]").count() == 1


def test_a_page_in_the_background_asks_nothing_until_it_is_looked_at(page, live_server, shop):
    make_version(shop, 1)
    Artifact.objects.update(state=Artifact.State.BUILDING)
    page.goto(f"{live_server.url}/projects/shop/versions/1/")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.wait_for_timeout(500)
    page.polls.clear()
    page.wait_for_timeout(TWO_POLLS)
    assert page.polls == []
    page.evaluate("delete document.hidden")
    page.wait_for_timeout(TWO_POLLS)
    assert page.polls


def test_a_lost_session_ends_the_asking_and_is_said_once(page, live_server, shop):
    make_version(shop, 1)
    Artifact.objects.update(state=Artifact.State.BUILDING)
    page.goto(f"{live_server.url}/projects/shop/versions/1/")
    page.context.clear_cookies()
    page.locator("#trouble", has_text="Not up to date: you are logged out.").wait_for(timeout=10_000)
    assert page.locator("#version input[name=password]").count() == 0
    page.polls.clear()
    page.wait_for_timeout(TWO_POLLS)
    assert page.polls == []
