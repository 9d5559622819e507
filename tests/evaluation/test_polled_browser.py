"""A benchmark watched to its end: its figures come by themselves, and what was typed beside it stays."""

import pytest
from django.urls import reverse

from evaluation.models import Benchmark
from evaluation.services import advance
from tests.browser import log_in
from tests.evaluation.worlds import make_standing, make_world, right, wrong
from tests.factories import make_operator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_search_is_typed_while_the_benchmark_ends(models, browser, live_server):
    project = make_world(cases=40)
    bare, staged = make_standing(project, 0), make_standing(project, 1)
    models.answer(0, wrong)
    models.answer(1, right)
    advance(bare.pk)
    advance(staged.pk)
    row = Benchmark.objects.get(version__number=1, decoding="served")
    Benchmark.objects.filter(pk=row.pk).update(state="running", done=11)
    make_operator(project, "olga")
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, live_server.url, "olga")
    page.goto(live_server.url + reverse("evaluation:benchmark", args=["shop", row.uid]))
    page.locator("#progress [role=status]", has_text="Asking the cases").wait_for()
    page.locator("input[name=q]").focus()
    page.keyboard.type("parcel")
    page.evaluate("window.box = document.activeElement; window.neverReloaded = true")

    Benchmark.objects.filter(pk=row.pk).update(state="succeeded", done=40)
    page.locator(".main-figure").wait_for(timeout=15_000)
    assert page.locator("#progress").count() == 0
    assert page.locator("main").count() == 1
    assert page.evaluate("neverReloaded && document.activeElement === box && box.value") == "parcel"
    page.close()
    assert not errors
