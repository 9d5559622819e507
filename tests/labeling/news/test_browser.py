"""The bell, the list and a webhook's page in a real browser: by keyboard, on a desk and on a phone."""

import os
from pathlib import Path

import pytest
from django.db import transaction

from labeling.models import Delivery
from labeling.services import events
from labeling.services.news import outbox, webhooks
from tests.browser import log_in
from tests.factories import SYSTEM, make_manager, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS", "")
TRY = {"at": "2026-12-01T12:00:00+00:00", "status": 500, "ms": 12.0, "said": "<h1>Out of order</h1>" * 9}


def look(page, name: str) -> None:
    """Nothing runs out of the window sideways, and nothing is styled or scripted inline."""
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    assert page.locator("[style], script:not([src]), [onclick]").count() == 0
    if SHOTS:
        width, scheme = page.viewport_size["width"], page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}-{'dark' if scheme else 'light'}.png"), full_page=True)


@pytest.mark.parametrize(("size", "scheme"), [((1440, 900), "dark"), ((390, 844), "light")], ids=["desk", "phone"])
def test_news_are_read_and_a_webhook_is_added_by_keyboard(browser, live_server, size, scheme):
    shop = make_project("shop")
    make_manager(shop, "mia")
    for verb in ("queue.emptied", "run.failed", "version.rolled_back", "finding.opened"):
        with transaction.atomic():
            events.record(SYSTEM, verb, shop)
    outbox.tell_all()
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    log_in(page, live_server.url, "mia")
    page.focus(".bell")
    look(page, "home")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notifications/")
    look(page, "notifications")
    page.focus("text=Mark all as read")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=4 marked as read")
    page.goto(f"{live_server.url}/account/notifications/")
    look(page, "settings")
    page.goto(f"{live_server.url}/projects/shop/webhooks/")
    page.focus("[name=url]")
    page.keyboard.type("https://hooks.example.org/a/very/long/path/that/does/not/fit/on/a/phone/at/all/0123456789")
    page.keyboard.press("Enter")
    page.wait_for_selector("#secret")
    look(page, "secret")
    page.click("text=I have kept it")
    page.wait_for_url("**/webhooks/*/")
    row = webhooks.send_test(SYSTEM, shop.webhooks.get())
    Delivery.objects.filter(pk=row.pk).update(state="failed", tries=[TRY, TRY])
    webhooks.send_test(SYSTEM, row.webhook)
    page.reload()
    page.focus("summary")
    page.keyboard.press("Enter")
    look(page, "webhook")
    page.goto(f"{live_server.url}/projects/shop/webhooks/")
    look(page, "webhooks")
    context.close()
