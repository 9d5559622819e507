"""The labels page in a real browser: renamed by keyboard alone, nothing wider than the screen."""

import pytest

from labeling import services
from labeling.services.fitting import label_usage
from tests.browser import log_in
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_label_is_renamed_by_keyboard_and_takes_its_answers_along(browser, live_server, width, tmp_path):
    project = make_project("shop", labels=("billing", "delivery", "a label with a rather long name that goes on"))
    make_manager(project, "mia")
    ana = make_expert(project, "ana")
    services.decide(acting(ana), make_sample(project), {"labels": ["billing"]})
    services.decide(acting(ana), make_sample(project), {"labels": ["delivery"]})
    services.remove_label(SYSTEM, project.labels.get(name="delivery"), leave_out=True)
    page = browser.new_page(viewport={"width": width, "height": 844})
    log_in(page, live_server.url, "mia")
    page.goto(f"{live_server.url}/projects/shop/labels/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("summary", has_text="billing").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("invoices")
    page.keyboard.press("Enter")
    page.get_by_text("'billing' is called 'invoices' now").wait_for()
    assert label_usage(project) == {"invoices": 1}
    page.locator("summary", has_text="invoices").click()
    page.screenshot(path=tmp_path / f"labels-{width}.png", full_page=True)
    page.get_by_role("link", name="Remove invoices").click()
    assert page.get_by_text("1 approved answer").is_visible()
    page.screenshot(path=tmp_path / f"remove-{width}.png", full_page=True)
    page.close()
