"""The diagram and the page of automatic acceptance in a browser: they fit any screen, and one click undoes."""

import pytest
from django.urls import reverse

from evaluation.models import AcceptPolicy
from evaluation.services.accepting import accept
from evaluation.services.reopening import reopen_due
from labeling.models import Sample
from tests.browser import log_in
from tests.evaluation.confident import make_certified, proposed
from tests.factories import make_manager

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1440])
def test_what_was_accepted_goes_back_by_one_click(browser, live_server, width):
    project = make_certified(cases=1200)
    policy = AcceptPolicy.objects.get()
    policy.audit_share = -1.0  # nothing is drawn
    for _ in range(3):
        proposed(project, 0.9)
    assert accept(policy) == 3
    make_manager(project, "mia")
    page, errors = browser.new_page(viewport={"width": width, "height": 900}), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    log_in(page, live_server.url, "mia")

    page.goto(live_server.url + reverse("deployment:version", args=["shop", 1]))
    assert page.locator(".reliability circle").count() == 10
    assert page.locator(".reliability svg").bounding_box()["width"] > 200
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.goto(live_server.url + reverse("evaluation:auto-accept", args=["shop"]))
    assert page.locator("nav a[aria-current=page]").inner_text() == "Auto-accept"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Send what was accepted back to review").click()
    page.get_by_text("To review go back: 3 texts.").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    reopen_due(project.pk)
    assert Sample.objects.filter(state="pending").count() == 3
    page.close()
    assert not errors
