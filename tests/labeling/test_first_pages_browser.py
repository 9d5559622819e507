"""From an empty database to a project by pages alone, in a real browser: by keyboard, on a desk and on a phone."""

import pytest

from labeling import services
from labeling.models import User
from tests.browser import log_in
from tests.factories import SYSTEM, make_admin
from tests.labeling.test_account_browser import WIDTHS, look, page

__all__ = ["page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@WIDTHS
def test_the_printed_link_makes_the_first_administrator(page, live_server):
    page.goto(f"{live_server.url}/login/")
    look(page, "login-nobody")
    asked = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.headers}"))
    page.goto(live_server.url + services.make_first_link(SYSTEM))
    token = page.input_value("[name=token]")
    assert len(token) == 43
    assert page.url == f"{live_server.url}/account/first/"
    assert page.evaluate("document.activeElement.name") == "username"
    look(page, "first")
    for words in ("ada", "1234567890", "1234567890"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errorlist >> text=entirely numeric")
    assert (page.input_value("[name=username]"), page.input_value("[name=token]")) == ("ada", token)
    look(page, "first-refused")
    page.focus("[name=password1]")
    for words in ("a-first-pass-word", "a-first-pass-word"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")
    assert User.objects.get().is_superuser
    assert not any(token in request for request in asked)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/account/first/#{token}")
    page.wait_for_selector("text=no link makes an administrator")
    look(page, "first-too-late")


@WIDTHS
def test_a_project_is_made_by_keyboard_while_its_prompt_is_shown(page, live_server):
    make_admin("ada")
    log_in(page, live_server.url, "ada")
    look(page, "home-empty")
    page.get_by_role("link", name="New project").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/new-project/")
    assert page.evaluate("document.activeElement.name") == "name"
    look(page, "new-project")
    page.keyboard.type("Support tags")
    page.wait_for_selector("#preview code >> text=support-tags")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Tag the message.")
    page.keyboard.press("Tab")
    page.keyboard.type("billing | invoices, money back\ndelivery")
    page.wait_for_selector("#preview pre >> text=billing: invoices, money back")
    page.fill("[name=test_share]", "25")
    page.wait_for_selector("#preview >> text=add up to 100")
    page.focus("[name=test_share]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errorlist >> text=add up to 115")
    look(page, "new-project-refused")
    assert page.input_value("[name=labels]") == "billing | invoices, money back\ndelivery"
    page.fill("[name=train_share]", "65")
    page.wait_for_selector("#preview >> text=250 as test cases")
    page.locator("button", has_text="Make the project").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects/support-tags/")
    look(page, "project-made")


@WIDTHS
def test_without_javascript_the_prompt_is_shown_by_a_button(browser, live_server, size):
    make_admin("ada")
    context = browser.new_context(java_script_enabled=False, viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    log_in(page, live_server.url, "ada")
    page.goto(f"{live_server.url}/new-project/")
    page.fill("[name=name]", "Replies")
    page.check("[value=text]")
    page.fill("[name=instruction]", "Answer the message.")
    page.click("text=Show the prompt")
    page.wait_for_selector("pre >> text=Answer the message.")
    page.click("text=Make the project")
    page.wait_for_url("**/projects/replies/")
    context.close()
