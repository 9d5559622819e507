"""Data in and out in a real browser: columns by click, a trial, an import, an export, nothing wider than the screen."""

import pytest

from labeling import services
from labeling.models import Export, ImportBatch, Sample
from tests.browser import log_in, unfold
from tests.factories import make_manager, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROWS = "ticket;body;kind\n7;Wo ist meine Bestellung, bitte?;delivery\n8;Die Rechnung stimmt nicht;billing\n"


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_file_goes_in_by_clicks_and_comes_out_again(browser, live_server, width, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    make_manager(make_project("shop"), "mia")
    path = tmp_path / "tickets.csv"
    path.write_text(ROWS, encoding="cp1252")
    page = browser.new_page(viewport={"width": width, "height": 844})
    log_in(page, live_server.url, "mia")
    page.goto(f"{live_server.url}/projects/shop/imports/")
    assert fits(page)
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Look at it first").click()
    page.get_by_text("Recognised: CSV").wait_for()
    page.get_by_label("Text: body").check()
    page.get_by_label("Answer: kind").check()
    page.get_by_label("Your id: ticket").check()
    page.select_option("select[name=answers]", "all")
    page.screenshot(path=tmp_path / f"look-{width}.png", full_page=True)
    assert fits(page)
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("A trial").wait_for()
    services.run_import(ImportBatch.objects.get().pk)
    page.get_by_text("Choose columns and import").click()
    assert page.get_by_label("Answer: kind").is_checked()
    page.screenshot(path=tmp_path / f"tried-{width}.png", full_page=True)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Cancel").wait_for()
    services.run_import(ImportBatch.objects.get().pk)
    page.get_by_text("Succeeded").wait_for()
    assert Sample.objects.filter(state="golden").count() == 2
    unfold(page)
    page.get_by_role("link", name="Export", exact=True).click()
    page.select_option("select[name=format]", "label_studio")
    page.screenshot(path=tmp_path / f"exports-{width}.png", full_page=True)
    assert fits(page)
    page.get_by_role("button", name="Export", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel").wait_for()
    services.run_export(Export.objects.get().pk)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert "annotations" in download.value.path().read_text()
    page.screenshot(path=tmp_path / f"export-{width}.png", full_page=True)
    page.close()
