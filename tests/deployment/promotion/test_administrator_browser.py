"""An administrator's work in a real browser: by keyboard alone on a wide screen, by mouse on a narrow one."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from deployment.live import live_version
from deployment.models import Deployment, FailedRequest, StagedVersion
from deployment.monitoring.reconcile import reconcile
from deployment.monitoring.watch import watch_promotions
from deployment.servers.drivers import driver_for
from labeling.models import Prediction
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.factories import SYSTEM, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/projects/shop/deployments/"
TAG = "models.invalid/touchstone/shop:v{}"


@pytest.fixture
def two(shop):
    """Version 1 is live, version 2 has passed the gate."""
    promote(SYSTEM, make_staged(shop, 1))
    make_staged(shop, 2)
    return shop


def asked(project, tag, times, status="strict", minutes_ago=0.0):
    same = {"project": project, "spec": project.spec, "model_tag": tag, "status": status, "source": "api"}
    rows = Prediction.objects.bulk_create([Prediction(**same, raw="", latency_ms=5.0 + each) for each in range(times)])
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Prediction.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=at)


def row_of(desk, version):
    return desk.page.locator("#deployments tbody tr", has_text=version)


def test_a_server_is_added_and_probed(desk, standin):
    desk.open("/servers/")
    desk.press(desk.link("Add a server…"))
    desk.write(desk.page.get_by_label("Name"), "gpu1")
    desk.page.get_by_label("Kind").select_option("ollama")
    desk.write(desk.page.get_by_label("Address"), standin.url)
    desk.press(desk.page.get_by_role("button", name="Save and continue editing"))
    desk.sees("was added successfully")
    _admin_action(desk, "Probe…")
    desk.press(desk.button("Probe"))
    desk.sees("gpu1 answers: version 0.33.0-rc2.")
    desk.open("/servers/gpu1/")
    desk.sees("This server has no model yet.")


def test_dry_run_promotion_watch_and_the_way_back(desk, two):
    desk.open(PAGE)
    desk.sees(row_of(desk, "shop:v1").locator(".badge", has_text="live"))
    desk.press(desk.link("Promote…"))

    desk.sees(desk.page.locator("h1", has_text="Promote shop:v2"))
    desk.sees("shop:v2 is passed.")
    desk.sees(desk.page.locator("tr", has_text="difference").locator(".badge", has_text="met"))
    desk.sees(desk.page.locator(".diff-add", has_text="version shop:v2"))
    desk.sees("What standin may hold is not known")
    assert live_version(two).number == 1

    desk.press(desk.button("Promote shop:v2"))
    desk.sees("shop:v2 is live. The move took")
    desk.sees(desk.page.locator("h2.big", has_text="shop:v2"))
    desk.sees(row_of(desk, "shop:v2").locator(".badge", has_text="live"))
    newest = desk.page.locator(".timeline li").first
    desk.sees(newest.get_by_text("Promote shop:v2"))
    desk.sees(newest.locator(".badge", has_text="Live"))

    asked(two, "shop:v1", 40, minutes_ago=5)
    asked(two, "shop:v2", 40, status="failed")
    assert watch_promotions() == 1
    desk.open(PAGE)
    desk.sees("Worse than the version before.")
    desk.sees("40 of 40 answers could not be read")

    desk.press(desk.link("Roll back to shop:v1…"))
    desk.write(desk.page.get_by_label("Reason"), "v2 cannot be read")
    desk.press(desk.button("Roll back to shop:v1"))
    desk.sees("shop:v1 is live. The move took")
    desk.sees(desk.page.locator("h2.big", has_text="shop:v1"))
    desk.sees(desk.page.locator(".timeline li").first.get_by_text("v2 cannot be read"))
    assert desk.page.get_by_text("Worse than the version before.").count() == 0
    assert live_version(two).number == 1

    desk.press(desk.page.locator(".timeline li").first.get_by_role("link"))
    desk.sees(desk.page.locator("h1", has_text="Rollback shop:v1"))
    desk.sees(desk.page.locator("#steps-title"))


def test_what_would_be_evicted_is_said_and_wants_a_yes(desk, tmp_path):
    (tmp_path / "small").mkdir()
    with ollama_standin(tmp_path / "small", "--max-loaded", "1") as running:
        small = make_server(running.url, name="small", max_loaded=1)
        other, shop = make_project("other"), make_project("shop")
        for project in (other, shop):
            serve_from(project, small)
        live = make_staged(other, 7)
        promote(SYSTEM, live)
        make_staged(shop, 1)
        driver_for(small).load(live.server_tag)

        desk.open("/projects/shop/versions/1/promote/")
        desk.sees("would evict models.invalid/touchstone/other:v7, which serves other")
        desk.press(desk.button("Promote shop:v1"))
        assert live_version(shop) is None
        desk.open("/projects/shop/versions/1/promote/")
        desk.tick(desk.page.get_by_label("Yes, throw that out of memory"))
        desk.press(desk.button("Promote shop:v1"))
        desk.sees("shop:v1 is live. The move took")


def test_the_traffic_is_drawn(desk, two):
    asked(two, "shop:v1", 40, minutes_ago=20)
    asked(two, "shop:v1", 30, minutes_ago=18, status="failed")
    FailedRequest.objects.create(project=two, model_tag="shop:v1", sentence="away")
    for window in ("1h", "24h", "7d"):
        desk.open("/projects/shop/traffic/")
        desk.press(desk.link(window))
        desk.sees(desk.page.locator("#traffic[data-drawn='3']"))
        for ink, between in desk.page.evaluate(_DRAWN):
            assert ink > 1000
            assert len(between) >= 2
            assert min(between) > 0, f"labels of the time axis touch in {window}"


# Of each chart: its pixels that are not empty, and the free room between one label of the time axis and the next.
_DRAWN = """() => [...document.querySelectorAll("#traffic canvas")].map(canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let ink = 0;
  for (let at = 3; at < pixels.length; at += 4) ink += pixels[at] > 0;
  const axis = Chart.getChart(canvas).scales.x, context = canvas.getContext("2d");
  context.font = axis._resolveTickFontOptions(0).string;
  const labels = axis.ticks.map(tick => [axis.getPixelForValue(tick.value), context.measureText(tick.label).width]);
  const between = labels.slice(1).map(([x, width], index) => x - width / 2 - labels[index][0] - labels[index][1] / 2);
  return [ink, between];
})"""


@pytest.mark.parametrize(("choice", "number"), [("Restore", 1), ("Adopt", 2)])
def test_an_alias_moved_by_hand(desk, two, standin, choice, number):
    copy = {"source": TAG.format(2), "destination": "shop"}
    httpx.post(f"{standin.url}/api/copy", json=copy).raise_for_status()
    assert reconcile() == 1
    desk.open("/projects/shop/")
    desk.sees("The alias leads elsewhere.")
    desk.press(desk.button(choice))
    desk.sees(f"The alias leads elsewhere: {choice.lower()}")
    assert desk.page.locator(".notice-warn", has_text="The alias leads elsewhere.").count() == 0
    desk.sees(desk.page.locator("h2.big", has_text=f"shop:v{number}"))
    models = standin.models()
    assert models["shop:latest"] == models[TAG.format(number)]
    assert reconcile() == 0


def test_promoted_and_rolled_back_in_the_admin(desk, two):
    staged = StagedVersion.objects.get(version__number=2)
    desk.open(f"/admin/deployment/stagedversion/{staged.pk}/change/")
    _admin_action(desk, "Promote…")
    desk.sees(desk.page.locator("h1", has_text="Promote shop:v2"))
    desk.sees(desk.page.locator(".move-table tr", has_text="difference"))
    desk.sees(desk.page.locator(".move-add", has_text="version shop:v2"))
    desk.press(desk.button("Promote shop:v2"))
    desk.sees("shop:v2 is live. The move took")
    assert live_version(two).number == 2

    desk.open(f"/admin/deployment/deployment/{Deployment.objects.get(version__number=1).pk}/change/")
    _admin_action(desk, "Roll back to this version…")
    desk.write(desk.page.get_by_label("Reason"), "v2 is worse on invoices")
    desk.press(desk.button("Roll back to shop:v1"))
    desk.sees("shop:v1 is live. The move took")
    assert live_version(two).number == 1
    assert Deployment.objects.first().reason == "v2 is worse on invoices"


def _admin_action(desk, name):
    """On a narrow screen the admin keeps actions behind three dots."""
    if desk.page.viewport_size["width"] < 1000:
        desk.press(desk.page.get_by_text("more_horiz").locator("visible=true").first)
    desk.press(desk.link(name).locator("visible=true").first)
