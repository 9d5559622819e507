"""A session, a right, a token or the server lost under an open page: told apart, the answer kept, and gone on with."""

import re

import pytest
from django.contrib.sessions.models import Session

from labeling import services
from labeling.models import Label, Review
from tests.browser import fill_log_in, log_in
from tests.factories import SYSTEM, make_expert, make_manager, make_project, make_sample
from tests.labeling.proposing import propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser, live_server):
    project = make_project("shop")
    for number in range(1, 5):
        propose(make_sample(project, f"Message number {number}", rank=number))
    make_expert(project, "ana")
    make_manager(project, "mia")
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/shop/review/")
    page.project = project
    yield page
    context.close()
    assert not errors


def sees(page, text):
    page.locator("#sample-text", has_text=re.compile(rf"{text}\s*$")).wait_for(timeout=10_000)


def told(page, text):
    page.locator("#trouble", has_text=text).wait_for(timeout=10_000)


def correct(page):
    """One is confirmed first, so that an old "Saved" stands there; the next is corrected and sent."""
    sees(page, "number 1")
    page.keyboard.press("Enter")
    sees(page, "number 2")
    page.locator("#saved", has_text="confirmed").wait_for()
    page.keyboard.press("3")


def is_kept(page):
    assert page.locator("#review input[value=praise]").is_checked()
    assert page.locator("#review input[value=billing]").is_checked()
    assert page.locator("#review form").count() == 1
    assert page.locator("#saved").inner_text() == ""
    assert Review.objects.count() == 1


def test_one_logs_in_beside_the_page_and_goes_on_by_keyboard_alone(page):
    correct(page)
    Session.objects.all().delete()
    page.keyboard.press("Enter")
    told(page, "Not saved: you are logged out. What you entered is still here.")
    is_kept(page)
    with page.context.expect_page() as opened:
        page.keyboard.press("l")
    beside = opened.value
    fill_log_in(beside, "ana")
    beside.locator("h1", has_text="You are logged in").wait_for()
    told(page, "You are logged in again. What you entered is still here: save it once more.")
    beside.close()
    page.keyboard.press("Enter")
    sees(page, "number 3")
    page.locator("#saved", has_text="corrected, billing, praise").wait_for()
    assert page.locator("#trouble").inner_text() == ""


def test_somebody_else_who_logs_in_does_not_save_under_this_answer(page, live_server):
    correct(page)
    page.context.clear_cookies()
    beside = page.context.new_page()
    log_in(beside, live_server.url, "mia")
    page.keyboard.press("Enter")
    told(page, "Not saved: mia is logged in now, and this page is ana's.")
    is_kept(page)


def test_a_token_of_before_another_log_in_is_renewed(page, live_server):
    correct(page)
    beside = page.context.new_page()
    beside.goto(f"{live_server.url}/logout/")
    beside.click("main button")
    log_in(beside, live_server.url, "ana")
    page.keyboard.press("Enter")
    told(page, "Not saved: somebody logged in or out in another tab since this page was opened.")
    is_kept(page)
    page.keyboard.press("Enter")
    sees(page, "number 3")


def test_a_lost_right_names_who_can_give_it_back(page):
    correct(page)
    services.set_role(SYSTEM, page.project, "ana", "operator")
    page.keyboard.press("Enter")
    told(page, "Not saved: You may not review in project shop. Ask a manager of the project. Managers: mia.")
    is_kept(page)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 500, "headers": {"X-Request-ID": "abc"}}, "the server had an error (HTTP 500, request abc)."),
        ({"status": 503, "headers": {"Retry-After": "7"}}, "the server is not ready; try again in 7 seconds."),
        ({"status": 400, "body": "<h1>Bad request</h1>"}, "the server refused it (HTTP 400)."),
        ({"status": 413, "body": "<h1>Too large</h1>"}, "it is too large for the server."),
        ({"status": 404, "body": "<h1>Nothing</h1>"}, "this is no longer there, or no longer open to you."),
    ],
)
def test_what_others_answer_never_gets_into_the_card(page, answer, said):
    correct(page)
    page.route("**/review/", lambda route: route.fulfill(**answer))
    page.keyboard.press("Enter")
    told(page, f"Not saved: {said}")
    is_kept(page)
    page.unroute("**/review/")
    page.keyboard.press("Enter")
    sees(page, "number 3")
    assert page.locator("#trouble").inner_text() == ""


def test_a_form_that_loads_a_page_keeps_what_was_typed_too(page, live_server):
    log_in_as_mia(page, live_server)
    page.goto(f"{live_server.url}/projects/shop/labels/")
    page.locator("main textarea").first.fill("one\ntwo")
    Session.objects.all().delete()
    page.locator("main form:has(textarea) button[type=submit]").first.click()
    told(page, "Not sent: you are logged out. What you entered is still here.")
    assert page.locator("main textarea").first.input_value() == "one\ntwo"
    with page.context.expect_page() as opened:
        page.click("text=Log in in a new tab")
    fill_log_in(opened.value, "mia")
    told(page, "You are logged in again.")
    page.locator("main form:has(textarea) button[type=submit]").first.click()
    page.locator(".notice-success").wait_for()
    assert set(Label.objects.filter(project=page.project).values_list("name", flat=True)) >= {"one", "two"}
    page.context.set_offline(True)
    page.locator("main textarea").first.fill("three")
    page.locator("main form:has(textarea) button[type=submit]").first.click()
    told(page, "Not sent: you are offline.")
    page.context.set_offline(False)


def log_in_as_mia(page, live_server):
    page.context.clear_cookies()
    log_in(page, live_server.url, "mia")
