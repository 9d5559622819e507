"""From an empty database to a project by pages alone, in a real browser: by keyboard, on a desk and on a phone."""

import pytest

from labeling import services
from labeling.models import User
from tests.factories import SYSTEM
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
