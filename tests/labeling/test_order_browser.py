"""The page of the order of review in a real browser: set by keyboard alone, nothing wider than the screen."""

import pytest

from labeling import services
from labeling.models import ReviewOrder
from labeling.services.order.places import ranking_of, store_places
from tests.browser import log_in, unfold
from tests.factories import acting, make_expert, make_manager, make_project, make_sample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_manager_sets_the_shares_by_keyboard(browser, live_server, width, tmp_path):
    project = make_project("shop")
    make_manager(project, "mia")
    ana = acting(make_expert(project, "ana"))
    texts = [make_sample(project, f"Where is my parcel, the {n}th of them?" * 3, rank=n + 1) for n in range(8)]
    ranking_of(project)
    store_places(project, {"teach": [(sample.pk, None) for sample in texts]}, looked_at=8, seconds=0.4)
    for _ in range(4):
        services.decide(ana, services.next_sample(ana, project), ["billing"])
    store_places(project, {"doubtful": [(sample.pk, 0.8) for sample in texts]}, lists=["doubtful"])
    page = browser.new_page(viewport={"width": width, "height": 844})
    log_in(page, live_server.url, "mia")
    page.goto(f"{live_server.url}/projects/shop/")
    unfold(page)
    page.get_by_role("link", name="Order").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label("Chosen to teach most").focus()
    for share, key in (("70", "Tab"), ("30", "Tab"), ("10", "Enter")):
        page.keyboard.press("Control+A")
        page.keyboard.type(share)
        page.keyboard.press(key)
    page.get_by_text("these add up to 110").wait_for()
    page.screenshot(path=tmp_path / f"refused-{width}.png", full_page=True)
    page.get_by_label("Chosen to teach most").fill("60")
    page.keyboard.press("Enter")
    page.get_by_text("the next texts come by these shares").wait_for()
    row = ReviewOrder.objects.get()
    assert (row.teach, row.random, row.blind) == (60, 30, 10)
    page.get_by_label("My training texts come").select_option("novelty")
    page.get_by_role("button", name="Use it for my reviews").click()
    page.get_by_text("your next training texts come in this order").wait_for()
    assert page.get_by_label("My training texts come").input_value() == "novelty"
    assert page.locator("#id_order").input_value() == "teach"
    page.screenshot(path=tmp_path / f"order-{width}.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=tmp_path / f"dark-{width}.png", full_page=True)
    page.close()
