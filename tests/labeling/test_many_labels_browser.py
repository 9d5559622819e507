"""77 labels on a phone: what was done, what went wrong and what can be done stay on the screen; choices are marked."""

import re

import pytest

from labeling.models import Review
from tests.browser import log_in
from tests.factories import make_expert, make_project, make_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser, live_server):
    project = make_project("many", labels=tuple(f"label_number_{number}" for number in range(77)), max_labels=3)
    for number in range(1, 4):
        make_sample(project, f"Message number {number}", rank=number)
    make_expert(project, "ana")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/many/review/")
    yield page
    page.close()
    assert not errors


def is_on_screen(page, *selectors):
    for selector in selectors:
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0, selector
        assert box["y"] + box["height"] <= 844, selector


def test_the_bar_is_seen_wherever_one_stands(page):
    last = page.locator("#review input[value=label_number_76]")
    last.check()
    assert page.evaluate("scrollY") > 2000
    is_on_screen(page, "#save", "#actions [value=skip]", "#actions [value=undo]")
    page.keyboard.press("/")
    page.keyboard.type("number_75")
    page.keyboard.press("Enter")
    for number in (20, 21):
        page.locator(f"#review input[value=label_number_{number}]").check()
    last.scroll_into_view_if_needed()
    page.keyboard.press("Enter")
    page.locator("#trouble", has_text="4 labels where at most 3").wait_for()
    is_on_screen(page, "#trouble", "#save")
    assert page.locator(".toggle input:checked").count() == 4

    page.locator("#review input[value=label_number_20]").uncheck()
    last.scroll_into_view_if_needed()
    page.keyboard.press("Enter")
    page.locator("#sample-text", has_text=re.compile(r"number 2\s*$")).wait_for()
    page.locator("#saved", has_text="Saved").wait_for()
    is_on_screen(page, "#sample-text", "#saved", "#save")
    assert page.locator("#trouble").inner_text() == ""
    assert Review.objects.count() == 1


def test_the_focus_is_never_under_the_bar(page):
    for _ in range(30):
        page.keyboard.press("Tab")
        hidden = """() => document.activeElement.getBoundingClientRect().bottom
            > document.getElementById("bar").getBoundingClientRect().top"""
        if page.evaluate("document.getElementById('bar').contains(document.activeElement)"):
            break
        assert not page.evaluate(hidden)


def test_a_chosen_label_is_marked_without_colours(page):
    page.emulate_media(forced_colors="active")
    page.keyboard.press("1")
    mark = page.locator("#review input[value=label_number_0]")
    assert mark.is_checked()
    box = mark.bounding_box()
    assert min(box["width"], box["height"]) >= 16
    style = mark.evaluate("node => [getComputedStyle(node).opacity, getComputedStyle(node).appearance]")
    assert style == ["1", "auto"]
