"""Log-in and account in a real browser: by keyboard, on a desk and on a phone, without an inline script or style."""

import os
from pathlib import Path

import pytest

from tests.browser import log_in
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS", "")
WIDTHS = pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])


def look(page, name: str) -> None:
    """Nothing runs out of the window sideways, and nothing is styled or scripted inline."""
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("[style], script:not([src]), [onclick], [onsubmit]").count() == 0
    if SHOTS:
        width = page.viewport_size["width"]
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)


@pytest.fixture
def page(browser, size):
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    yield context.new_page()
    context.close()


@WIDTHS
def test_one_logs_in_by_keyboard_and_is_told_what_went_wrong(page, live_server):
    make_user("ana")
    page.goto(f"{live_server.url}/login/?next=/account/")
    look(page, "login")
    assert page.evaluate("document.activeElement.name") == "login"
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errorlist")
    assert page.input_value("[name=login]") == "ana"
    look(page, "login-refused")
    page.focus("[name=password]")
    page.keyboard.type("pass-word-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/")


@WIDTHS
def test_sessions_are_ended_and_the_password_is_changed_by_keyboard(page, browser, live_server):
    make_user("ana")
    for agent in ("Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0", "Safari on a phone"):
        other = browser.new_context(user_agent=agent)
        log_in(other.new_page(), live_server.url, "ana")
        other.close()
    log_in(page, live_server.url, "ana")
    page.click("nav >> text=ana")
    page.wait_for_url("**/account/")
    look(page, "account")
    page.locator("button", has_text="End").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=The session has ended.")
    page.locator("button", has_text="End all others").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 other session ended.")
    page.focus("[name=oldpassword]")
    for word in ("pass-word-1", "123456789012", "123456789012"):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errorlist >> text=entirely numeric")
    look(page, "password-refused")
    page.focus("[name=oldpassword]")
    for word in ("pass-word-1", "a-new-pass-word", "a-new-pass-word"):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your password is changed.")
    look(page, "account-changed")


@WIDTHS
def test_a_token_is_revoked_by_keyboard(page, live_server):
    from labeling import services
    from tests.factories import SYSTEM, make_expert, make_project

    project = make_project("a-shop-with-a-rather-long-key")
    ana = make_expert(project, "ana")
    for name in ("The robot of the mail room", "Nightly"):
        services.create_token(SYSTEM, ana, name, [project], ["read", "predict", "feedback", "import", "operate"])
    log_in(page, live_server.url, "ana")
    page.goto(f"{live_server.url}/account/")
    look(page, "account-tokens")
    page.get_by_role("link", name="Revoke Nightly").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Revoke Nightly?")
    look(page, "token-revoke")
    page.locator("button", has_text="Revoke the token").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nightly is revoked")
    assert page.locator("text=Revoke…").count() == 1


@WIDTHS
def test_the_pages_of_a_forgotten_password(page, live_server, settings):
    from labeling import services
    from tests.factories import acting, make_admin

    ana = make_user("ana")
    page.goto(f"{live_server.url}/login/")
    page.click("text=Password forgotten?")
    page.wait_for_selector("text=Ask an administrator")
    look(page, "reset-without-mail")
    settings.MAIL_IS_SET_UP = True
    page.reload()
    page.wait_for_selector("[name=email]")
    look(page, "reset")
    page.goto(f"{live_server.url}/account/reset/sent/")
    look(page, "reset-sent")
    page.goto(f"{live_server.url}/account/reset/1-x/")
    look(page, "link-old")
    page.goto(live_server.url + services.make_link(acting(make_admin("ada")), ana))
    look(page, "link")
    page.focus("[name=password1]")
    page.keyboard.type("a-new-pass-word")
    page.keyboard.press("Tab")
    page.keyboard.type("a-new-pass-word")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your new password holds")
    look(page, "link-done")
