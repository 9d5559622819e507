"""A promotion in a real browser: confirmed in the admin, watched on the deployments page, rolled back in the admin."""

import pytest

from deployment.live import live_version
from deployment.models import Deployment, StagedVersion
from tests.browser import log_in
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged, make_version
from tests.factories import SYSTEM, make_admin

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages(browser, live_server, shop):
    """Two windows of one administrator; a page error fails the test."""
    make_admin("ada")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    errors = []
    windows = [context.new_page(), context.new_page()]
    for window in windows:
        window.on("pageerror", lambda error: errors.append(str(error)))
    log_in(windows[0], live_server.url, "ada")
    yield windows
    context.close()
    assert not errors


def test_an_administrator_promotes_and_watches(pages, live_server, shop):
    admin_page, watched = pages
    promote(SYSTEM, make_staged(shop, 1))
    make_staged(shop, 2)
    # A version on its way keeps the watched page asking for news.
    StagedVersion.objects.create(
        version=make_version(shop, 3), server=shop.serving_policy.servers.get(), tag="x", state="staging"
    )
    watched.goto(f"{live_server.url}/projects/shop/deployments/")
    watched.locator("h2.big", has_text="shop:v1").wait_for()

    staged = StagedVersion.objects.get(version__number=2)
    admin_page.goto(f"{live_server.url}/admin/deployment/stagedversion/{staged.pk}/change/")
    admin_page.click("text=Promote…")
    admin_page.locator("h1", has_text="Promote shop:v2").wait_for()
    admin_page.click("button:has-text('Promote shop:v2')")
    admin_page.locator("text=shop:v2 is live. The move took").wait_for()
    watched.locator("h2.big", has_text="shop:v2").wait_for(timeout=8000)

    first = Deployment.objects.get(version__number=1)
    admin_page.goto(f"{live_server.url}/admin/deployment/deployment/{first.pk}/change/")
    admin_page.click("text=Roll back to this version…")
    admin_page.fill("textarea[name=reason]", "v2 is worse on invoices")
    admin_page.click("button:has-text('Roll back to shop:v1')")
    admin_page.locator("text=shop:v1 is live. The move took").wait_for()
    watched.locator("h2.big", has_text="shop:v1").wait_for(timeout=8000)
    assert live_version(shop).number == 1


def test_a_text_is_analyzed_and_corrected_without_a_page_load(pages, live_server, shop):
    page, _ = pages
    promote(SYSTEM, make_staged(shop, 1))
    page.goto(f"{live_server.url}/projects/shop/analyze/")
    page.evaluate("window.neverReloaded = true")
    page.fill("textarea[name=text]", "Where is my parcel?")
    page.click("#ask")
    page.locator("#answer-card").wait_for()
    page.locator("label.toggle").first.click()
    page.click("#save")
    page.locator("text=Saved.").wait_for()
    assert page.evaluate("window.neverReloaded")
    assert "prediction=" in page.url
