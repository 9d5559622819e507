"""Answers that are typed: letters are letters in the box, and commands after Esc alone. By keyboard, on two widths."""

import re

import pytest

from labeling.models import GoldenSample, Review
from tests.browser import log_in
from tests.factories import make_expert, make_project, make_sample
from tests.labeling.proposing import propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}
LETTERS = "sxu/?123 Skip, Reject, Undo"


@pytest.fixture(params=WIDTHS.values(), ids=WIDTHS.keys())
def page(request, browser, live_server):
    project = make_project("mail", kind="text", labels=())
    for number in range(1, 5):
        propose(make_sample(project, f"Letter number {number}", rank=number), "Dear customer")
    make_expert(project, "ana")
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/mail/review/")
    page.project = project
    yield page
    page.close()
    assert not errors


def sees(page, text):
    page.locator("#sample-text", has_text=re.compile(rf"{text}\s*$")).wait_for(timeout=10_000)


def keys(page):
    """The keys that the buttons name, in the order of the buttons."""
    return [
        page.locator(f"#actions [value={action}] kbd").text_content() for action in ("save", "skip", "reject", "undo")
    ]


def names_keys(page, *wanted):
    page.locator("#save kbd", has_text=re.compile(f"^{wanted[0]}$")).wait_for()
    assert keys(page) == list(wanted)


def test_what_is_typed_is_text_and_the_buttons_name_the_keys_that_work(page):
    sees(page, "number 1")
    assert page.evaluate("document.activeElement.id") == "answer"
    names_keys(page, "Ctrl Enter", "Esc S", "Esc X", "Esc U")
    page.keyboard.type(f", {LETTERS}")
    assert page.locator("#answer").input_value() == f"Dear customer, {LETTERS}"
    assert not Review.objects.exists()
    assert page.locator("#save span").inner_text() == "Save correction"

    page.keyboard.press("Control+Enter")
    sees(page, "number 2")
    page.locator("#saved", has_text="corrected").wait_for()
    assert page.evaluate("document.activeElement.id") == "answer"
    assert GoldenSample.objects.get().answer == {"text": f"Dear customer, {LETTERS}"}


def test_letters_are_commands_after_esc(page):
    sees(page, "number 1")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "sample-text"
    names_keys(page, "Enter", "S", "X", "U")
    page.keyboard.press("s")
    sees(page, "number 2")
    names_keys(page, "Ctrl Enter", "Esc S", "Esc X", "Esc U")
    page.keyboard.press("u")
    assert page.locator("#answer").input_value() == "Dear customeru"
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    sees(page, "number 1")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.locator("#saved", has_text="confirmed").wait_for()
    sees(page, "number 2")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.locator("#saved", has_text="rejected").wait_for()
    actions = list(Review.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["skip", "undo", "confirm", "reject"]


def test_a_click_beside_the_box_arms_nothing(page):
    sees(page, "number 1")
    page.keyboard.press("Escape")
    page.locator("#sample-text").click()
    names_keys(page, "Ctrl Enter", "Esc S", "Esc X", "Esc U")
    page.keyboard.type("xsu")
    assert page.evaluate("document.activeElement.id") == "answer"
    assert page.locator("#answer").input_value() == "Dear customerxsu"
    page.locator("main h1").evaluate("node => node.ownerDocument.activeElement.blur()")
    page.keyboard.type("x")
    assert page.locator("#answer").input_value() == "Dear customerxsux"
    assert not Review.objects.exists()


def test_all_is_reached_by_keyboard_and_the_bar_stays(page):
    sees(page, "number 1")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.type("sent twice")
    names_keys(page, "Enter", "Esc S", "Esc X", "Esc U")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("#shortcuts[open] dl", has_text="Undo your last decision").wait_for()
    page.keyboard.press("Escape")
    page.locator("#shortcuts:not([open])").wait_for(state="attached")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "skip":
            break
    names_keys(page, "Ctrl Enter", "Esc S", "Esc X", "Esc U")
    page.keyboard.press("Enter")
    sees(page, "number 2")
    assert Review.objects.get().comment == "sent twice"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for seen in ("#bar", "#save", "#answer"):
        box = page.locator(seen).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= page.viewport_size["height"]


def test_a_proposal_that_comes_late_never_replaces_what_is_being_typed(page):
    late = make_sample(page.project, "A late one", rank=-1)
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    sees(page, "A late one")
    page.route("**/review/", lambda route: (page.keyboard.type("My own"), route.continue_()))
    propose(late, "Dear customer")
    page.locator("[data-proposal-arrived]").wait_for(timeout=10_000)
    page.wait_for_timeout(1500)
    assert page.locator("#answer").input_value() == "My own"
    page.unroute("**/review/")
    page.keyboard.press("Control+Enter")
    sees(page, "number 2")
    assert GoldenSample.objects.get().answer == {"text": "My own"}
