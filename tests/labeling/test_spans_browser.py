"""Marking pieces of a text with keys alone, with the mouse, by touch, and without JavaScript, in a real browser."""

import json
import re

import pytest

from labeling import services
from labeling.answers import parse
from labeling.models import GoldenSample, Sample
from tests.browser import log_in
from tests.factories import SYSTEM, make_expert, make_project, make_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "😀 Ana Berg of Berg & Sons met Bo Li in New York on Monday."


@pytest.fixture
def project():
    return make_project("names", "spans", labels=("person", "place", "firm"))


@pytest.fixture
def sample(project):
    sample = make_sample(project, TEXT)
    Sample.objects.update(split="train")
    return sample


def propose(project, sample, *quotes):
    raw = json.dumps({"spans": [{"label": label, "text": text} for label, text in quotes]})
    parsed = parse(raw, project.spec.to_spec(), sample.text)
    services.record_prediction(
        SYSTEM, project, spec=project.spec, model_tag="names:v1", raw=raw, parsed=parsed, source="queue", sample=sample
    )


@pytest.fixture
def opened(browser, live_server, project, sample):
    """Opens the review page as an expert."""
    make_expert(project, "ana")
    contexts, errors = [], []

    def opened(**options):
        context = browser.new_context(viewport={"width": 390, "height": 844}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        log_in(page, live_server.url, "ana")
        page.goto(f"{live_server.url}/projects/names/review/")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not errors


def marked():
    answer = GoldenSample.objects.current().get().answer
    assert all(TEXT[each["start"] : each["end"]] == each["text"] for each in answer["spans"])
    return [(each["label"], each["text"]) for each in answer["spans"]]


def saved(page, text):
    page.locator("#saved", has_text=re.compile(text)).wait_for(timeout=10_000)


def says(page, text):
    page.locator("[data-spans-said]", has_text=text).wait_for(timeout=10_000)


def test_a_text_is_marked_by_keys_alone(opened):
    page = opened()
    press = page.keyboard.press
    press("ArrowRight")
    says(page, "Selected: Ana")
    press("Shift+ArrowRight")
    press("1")
    says(page, "Marked person: Ana Berg")
    for _ in range(3):
        press("ArrowRight")
    press("Home")
    press("Shift+ArrowLeft")
    says(page, "Selected: Berg & Sons")
    press("3")
    press("End")
    press("Control+Shift+ArrowRight")
    says(page, "firm: Berg & Sons m")
    press("Control+z")
    says(page, "taken back")
    press("Control+ArrowRight")
    says(page, "Marked piece: person: Ana Berg")
    press("Control+ArrowRight")
    press("2")
    says(page, "Relabelled place: Berg & Sons")
    press("3")
    press("ArrowRight")
    press("2")
    press("Delete")
    says(page, "No longer marked: place: met")
    press("Enter")
    saved(page, "labelled, person: Ana Berg, firm: Berg & Sons")
    assert marked() == [("person", "Ana Berg"), ("firm", "Berg & Sons")]


def test_a_proposal_is_corrected_by_mouse(opened, project, sample):
    propose(project, sample, ("person", "Ana"), ("firm", "Berg & Sons"), ("place", "New York"))
    page = opened()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".span-mark", has_text="Ana").click()
    says(page, "Marked piece: person: Ana")
    box = page.locator(".span-grip-end").bounding_box()
    target = page.evaluate("""() => {
        const text = document.querySelector("#sample-text .text");
        const range = window.spansText.rangeOf(text, 3, 11).getBoundingClientRect();
        return [range.right - 1, range.top + range.height / 2];
    }""")
    page.mouse.move(box["x"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(*target)
    page.mouse.up()
    says(page, "person: Ana Berg")
    page.locator("#changes", has_text="Added: person: Ana Berg. Taken away: person: Ana.").wait_for()
    page.locator(".span-row", has_text="New York").get_by_role("button", name="Remove").click()
    page.reload()  # a draft has its pieces, not the proposal's
    page.locator("#changes", has_text="Added: person: Ana Berg. Taken away: person: Ana, place: New York.").wait_for()
    assert page.locator(".span-row .span-quote").all_inner_texts() == ["Ana Berg", "Berg & Sons"]
    page.locator("#sample-text").focus()
    page.keyboard.press("Enter")
    saved(page, "corrected, person: Ana Berg, firm: Berg & Sons")
    assert marked() == [("person", "Ana Berg"), ("firm", "Berg & Sons")]


def test_overlapping_pieces_are_marked_by_touch(opened):
    page = opened(has_touch=True, is_mobile=True)
    for label, start, end in (("firm", 3, 26), ("person", 3, 11), ("person", 15, 19), ("place", 22, 36)):
        # What a long press and its grips leave behind.
        page.evaluate(
            """([start, end]) => {
            const range = window.spansText.rangeOf(document.querySelector("#sample-text .text"), start, end);
            document.getSelection().removeAllRanges();
            document.getSelection().addRange(range);
        }""",
            [start, end],
        )
        says(page, "Selected")
        page.locator("[data-spans-palette] .toggle", has_text=label).tap()
        says(page, f"Marked {label}")
    page.locator(".span-mark.is-current").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("#save").tap()
    saved(page, "labelled")
    assert marked() == [
        ("person", "Ana Berg"),
        ("firm", "Ana Berg of Berg & Sons"),
        ("person", "Berg"),
        ("place", "Sons met Bo Li"),
    ]


def test_without_scripts_a_list_of_rows_does_the_same(opened, project, sample):
    propose(project, sample, ("person", "Ana"), ("firm", "Berg & Sons"))
    page = opened(java_script_enabled=False)
    rows = page.locator(".span-row")
    rows.nth(0).locator("[name=span_gone]").check()
    rows.nth(1).locator("[name=span_end]").fill("99")
    rows.nth(2).locator("[name=span_label]").select_option("place")
    rows.nth(2).locator("[name=span_text]").fill("new york")
    page.locator("#save").click()
    page.get_by_text("Characters 14 to 99 are no piece of a text").wait_for()
    page.locator(".span-row").nth(0).locator("[name=span_end]").fill("25")
    page.locator("#save").click()
    page.get_by_text("corrected, firm: Berg & Sons, place: New York").wait_for()
    assert marked() == [("firm", "Berg & Sons"), ("place", "New York")]
