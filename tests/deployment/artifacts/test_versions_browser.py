"""Versions that no run made, in a real browser: a pulled model staged for a project, an edited Modelfile."""

import httpx
import pytest

from deployment.artifacts.staging import request_staging, stage
from tests.deployment.standins import build, make_staged
from training.models import ModelVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "small:1m"


def worked_off(version: ModelVersion) -> None:
    """What the build worker does with a new version."""
    build(version)
    for row in request_staging(version):
        stage(row.pk)


def test_a_pulled_model_becomes_a_version_and_is_staged(desk, shop, standin):
    standin.offer(NAME)
    httpx.post(f"{standin.url}/api/pull", json={"model": NAME, "stream": False}).raise_for_status()
    desk.open("/servers/standin/")
    desk.press(desk.page.locator("tbody tr", has_text=NAME).get_by_role("link", name="Use in a project…"))
    desk.write(desk.page.get_by_label("Reason"), "the free one")
    desk.press(desk.button("Make it a version"))
    desk.sees(f"shop:v0 is {NAME}")
    desk.sees("the free one")
    desk.sees("On no server: It waits to be")
    worked_off(shop.versions.get())
    desk.sees(desk.page.locator(".badge", has_text="staged"))
    desk.sees(desk.page.get_by_text("models.invalid/touchstone/shop:v0"))
    desk.press(desk.link("Deployments").first)
    desk.sees("The benchmark is still to come.")


def test_an_edited_modelfile_becomes_a_version(desk, shop):
    make_staged(shop, 1)
    desk.open("/projects/shop/versions/1/")
    desk.press(desk.link("Edit the Modelfile…"))
    text = desk.page.get_by_label("Modelfile")
    desk.write(text, "")
    text.press("Control+End")
    desk.page.keyboard.type("PARAMETER top_k 5\nPARAMETER num_thread 4\n")
    desk.write(desk.page.get_by_label("Reason"), "calmer")
    desk.press(desk.button("Make a new version"))
    desk.sees("set it on the server")
    assert "num_thread 4" in text.input_value(), "what was typed is still there"
    assert "400" in desk.errors.pop(), "the browser notes the refusal"
    text.fill(text.input_value().replace("PARAMETER num_thread 4\n", ""))
    desk.press(desk.button("Make a new version"))
    desk.sees("shop:v2 is made of shop:v1")
    desk.sees("the same weights with another Modelfile")
    assert shop.versions.get(number=2).decoding["top_k"] == 5
