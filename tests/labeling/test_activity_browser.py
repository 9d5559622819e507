"""The activity page in a real browser, at the width of a desk and of a phone."""

import pytest

from labeling import services
from tests.browser import log_in, unfold
from tests.factories import acting, make_expert, make_manager, make_project, make_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_what_happened_is_read_and_narrowed(browser, live_server, width, tmp_path):
    project = make_project("shop")
    make_manager(project, "mia")
    services.decide(acting(make_expert(project, "ana")), make_sample(project), ["praise"])
    page = browser.new_page(viewport={"width": width, "height": 844})
    log_in(page, live_server.url, "mia")
    page.goto(f"{live_server.url}/projects/shop/")
    unfold(page)
    page.get_by_role("link", name="Activity").click()
    page.get_by_role("cell", name="gave a sample its answer").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=tmp_path / f"activity-{width}.png", full_page=True)
    page.get_by_label("What was done").select_option("sample.rejected")
    page.get_by_role("button", name="Filter").click()
    page.get_by_text("Nothing found").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()
