"""The model catalogue in a real browser: load, unload, a refused deletion, a pull to its end and one that is ended."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connections

from deployment.models import ModelPull
from deployment.servers import pulls
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAG = "models.invalid/touchstone/shop:v2"


@pytest.fixture
def page(desk, shop):
    """The page of the server on which version 1 is live and version 2 stands, opened from the list of servers."""
    promote(SYSTEM, make_staged(shop, 1))
    make_staged(shop, 2)
    desk.open("/")
    desk.press(desk.link("Servers"))
    desk.sees("answers")
    desk.press(desk.link("standin"))
    desk.sees("a version of shop")
    return desk


def row_of(page, model):
    return page.page.locator("tbody tr", has_text=model)


@contextmanager
def pulled(name):
    """A worker's thread that runs the pull of a name."""
    row = ModelPull.objects.get(name=name)
    worker = threading.Thread(target=_run, args=(row.pk,))
    worker.start()
    yield
    worker.join()


def _run(pull_id):
    try:
        pulls.run_pull(pull_id)
    finally:
        connections.close_all()


def test_load_unload_and_a_refused_deletion(page, standin):
    page.press(row_of(page, TAG).get_by_role("button", name="Load"))
    page.sees(f"{TAG} is loaded.")
    page.sees(row_of(page, TAG).locator(".badge", has_text="loaded"))
    page.press(row_of(page, TAG).get_by_role("button", name="Unload"))
    page.sees(f"{TAG} is out of memory.")
    page.press(row_of(page, TAG).get_by_role("button", name="Delete"))
    page.sees(f"{TAG} is not deleted: it is a version of shop.")
    assert TAG in standin.models()


def test_a_pull_to_its_end_and_one_that_is_ended(page, standin):
    standin.offer("small:1m", size=3000, steps=3)
    standin.offer("big:7b", size=100_000, steps=400, pause=0.05)
    page.write(page.page.get_by_label("Name"), "small:1m")
    page.press(page.button("Pull"))
    page.sees("small:1m is being pulled.")
    with pulled("small:1m"):
        page.sees(row_of(page, "small:1m"))
    page.sees(page.page.locator("#pulls > div", has_text="small:1m").get_by_text("done"))

    page.write(page.page.get_by_label("Name"), "big:7b")
    page.press(page.button("Pull"))
    page.sees("big:7b is being pulled.")
    with pulled("big:7b"):
        progress = page.page.get_by_role("progressbar", name="Pull of big:7b")
        page.sees(progress)
        page.page.wait_for_function("bar => bar.value > 0", arg=progress.element_handle())
        page.press(page.button("Cancel"))
        page.sees("The pull of big:7b ends.")
    page.sees(page.page.locator("#pulls > div", has_text="big:7b").get_by_text("cancelled"))
    assert ModelPull.objects.get(name="big:7b").state == "cancelled"
    assert "big:7b" not in standin.models()

    page.press(row_of(page, "small:1m").get_by_role("button", name="Delete"))
    page.sees("small:1m is deleted.")
    assert "small:1m" not in standin.models()
