"""Managers' pages in a real browser: the fold on a phone, the palette, and a task that is previewed while one types."""

import pytest

from labeling.models import Invitation
from tests.browser import log_in
from tests.factories import make_manager, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop():
    project = make_project("shop")
    make_manager(project, "mia")
    return project


@pytest.mark.parametrize("width", [1440, 390])
def test_a_manager_goes_from_page_to_page_by_keyboard(browser, live_server, shop, width):
    page = browser.new_page(viewport={"width": width, "height": 844})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "mia")
    page.goto(f"{live_server.url}/projects/shop/")
    members = page.locator(".projectnav").get_by_role("link", name="Members")
    assert members.is_visible() == (width == 1440)
    if width == 390:
        page.locator(".projectnav summary").focus()
        page.keyboard.press("Enter")
        assert members.is_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("tas")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shop/task/")
    page.fill("#id_instruction", "Tag it with care.")
    page.locator("#preview", has_text="Tag it with care.").wait_for()
    assert page.get_by_text("Saving makes task 2").is_visible()
    page.get_by_role("button", name="Save the task").click()
    page.get_by_text("Saved: task 2").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert errors == []
    page.close()


def test_a_link_that_was_handed_over_lets_somebody_in(browser, live_server, shop):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    log_in(page, live_server.url, "mia")
    page.goto(f"{live_server.url}/projects/shop/members/")
    page.get_by_role("button", name="Make a link").dblclick()
    link = page.locator(".secret").inner_text()
    assert Invitation.objects.count() == 1
    other = browser.new_context().new_page()
    other.goto(link)
    assert other.url.endswith("/account/invitation/")  # the token has left the address
    other.keyboard.type("berta")
    other.fill("#id_password1", "a-long-word-9")
    other.fill("#id_password2", "a-long-word-9")
    other.keyboard.press("Enter")
    other.get_by_text("Welcome to Shop").wait_for()
    assert other.get_by_role("link", name="Members").count() == 0
    other.context.close()
    page.close()
