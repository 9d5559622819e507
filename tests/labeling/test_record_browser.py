"""Records in a browser: filled in by keyboard, rows added and removed, raw JSON, refused values at their places."""

import json
import re

import pytest

from labeling import services
from labeling.models import GoldenSample
from tests.browser import log_in
from tests.factories import SYSTEM, make_expert, make_sample
from tests.labeling.proposing import propose
from tests.records import BILL, SCHEMA

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}


@pytest.fixture
def project(transactional_db):
    project = services.create_project(
        SYSTEM, key="bills", name="Bills", kind="record", instruction="Read the bill.", schema=SCHEMA
    )
    for number in range(1, 4):
        propose(make_sample(project, f"Bill number {number}", rank=number), json.dumps(BILL))
    make_expert(project, "ana")
    return project


@pytest.fixture(params=WIDTHS.values(), ids=WIDTHS.keys())
def page(request, browser, live_server, project):
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/bills/review/")
    yield page
    page.close()
    assert not errors


def sees(page, text):
    page.locator("#sample-text", has_text=re.compile(rf"{text}\s*$")).wait_for(timeout=10_000)


def tab_to(page, name):
    """By keyboard alone, to the field with this name."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.name || document.activeElement.dataset.add !== undefined && 'add'")
            == name
        ):
            return
    raise AssertionError(f"Tab never reached {name}")


def test_a_record_is_corrected_by_keyboard_with_a_row_more(page):
    sees(page, "number 1")
    tab_to(page, "/total")
    page.keyboard.type("99")
    tab_to(page, "add")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "/lines/1/sku"
    page.keyboard.type("screw")
    page.keyboard.press("Enter")  # no button of the form is pressed
    page.keyboard.press("Tab")
    page.keyboard.type("5")
    changes = page.locator("#changes").inner_text()
    assert "total: 30.5 became 99." in changes
    assert "lines 2 sku: screw added." in changes
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.reload()  # a draft has its rows
    page.locator("#changes", has_text="lines 2 sku: screw added. lines 2 n: 5 added.").wait_for()
    page.keyboard.press("Control+Enter")
    sees(page, "number 2")
    assert GoldenSample.objects.get().answer == BILL | {
        "total": 99,
        "lines": [*BILL["lines"], {"sku": "screw", "n": 5}],
    }


def test_rows_go_and_raw_json_goes_before_the_fields(page):
    page.locator("[data-remove]:visible").first.click()
    assert "lines 1 sku: nail taken away." in page.locator("#changes").inner_text()
    page.reload()
    page.locator("#changes", has_text="lines 1 sku: nail taken away.").wait_for()
    page.keyboard.press("Control+Enter")
    sees(page, "number 2")
    assert "lines" not in GoldenSample.objects.get().answer
    page.locator(".record-raw summary").click()
    page.locator("#record-raw").fill('{"vendor": "Bolt",\n "total": }')
    page.keyboard.press("Control+Enter")
    page.locator("text=line 2, column 11").wait_for()
    page.locator("#record-raw").fill('{"vendor": "Bolt", "total": -1, "paid": false, "due": null}')
    page.keyboard.press("Control+Enter")
    page.locator(".record-error", has_text="-1 is less than 0").wait_for()
    assert page.locator("[name='/total']").get_attribute("aria-invalid") == "true"
    page.locator("#record-raw").fill('{"vendor": "Bolt", "total": 1, "paid": false, "due": null}')
    page.keyboard.press("Control+Enter")
    sees(page, "number 3")


def test_without_scripts_the_spare_rows_and_the_raw_json_are_there(browser, live_server, project):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/projects/bills/review/")
    assert page.locator("[data-row]:visible").count() == 3
    assert page.locator("[data-add]:visible, [data-remove]:visible").count() == 0
    page.locator("[name='/lines/2/sku']").fill("screw")
    page.locator("[name='/lines/2/n']").fill("5")
    page.locator("#save").click()
    context.close()
    answer = GoldenSample.objects.get().answer
    assert answer["lines"] == [*BILL["lines"], {"sku": "screw", "n": 5}]
