"""The project's page knows the next step: what is missing, why, and one button; one line once nothing is."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from deployment.models import Deployment
from evaluation.models import GatePolicy
from labeling import services, steps
from labeling.models import Membership, Review, TaskSpec
from labeling.project_facts import WEEKS, golden_of, pace_of
from labeling.steps import State, Step
from tests.deployment.standins import make_server, make_version, serve_from
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
ALL = {"view", "review", "predict", "feedback", "import", "operate", "manage"}


@pytest.fixture
def shop():
    return make_project("shop")


def standing(project, rights=ALL):
    return {row.step.title: row.step.state.value for row in steps.checklist(project, rights).rows}


def said(project, title):
    return next(row.step.said for row in steps.checklist(project, ALL).rows if row.step.title == title)


def following(project, rights):
    return next((row.step.button for row in steps.checklist(project, rights).rows if row.is_next), None)


def test_a_new_project_says_what_is_next_to_whom(shop):
    assert following(shop, ALL) == "Import texts"
    assert following(shop, {"view", "review"}) is None
    make_sample(shop, split="test")
    assert following(shop, ALL) == "Invite experts"
    assert following(shop, {"view", "review"}) == "Review"
    make_expert(shop)
    assert following(shop, ALL) == "Choose a server"


def test_no_task_is_the_first_step(shop):
    TaskSpec.objects.all().delete()
    assert following(shop, ALL) == "Write the task"


def test_the_page_shows_the_list_and_the_next_button_once(client, shop):
    client.force_login(make_manager(shop))
    page = client.get("/projects/shop/").text
    assert page.count('class="next"') == 1
    assert re.search(r'class="btn btn-primary" href="/projects/shop/imports/">Import texts', page)
    client.force_login(make_operator(shop))
    assert "Invite experts" not in client.get("/projects/shop/").text


def test_causes_stand_there_in_place_of_riddles(shop):
    assert said(shop, "Test cases").endswith("they come with the texts.")
    make_sample(shop)
    assert "no test text waits: of new texts 10 % become test texts" in said(shop, "Test cases")
    shop.train_share, shop.test_share = 90, 0
    assert "the share of test texts is 0 %" in said(shop, "Test cases")
    assert "No language model is registered" in said(shop, "First version")
    server = make_server("http://127.0.0.1:1", name="box")
    serve_from(shop, server)
    assert standing(shop)["Model server"] == "waits"
    server.error = "connection refused\nand more"
    server.save()
    assert said(shop, "Model server") == "box: connection refused"


def test_once_all_is_there_one_line_is_left(client, shop):
    ana = make_expert(shop, "ana")
    server = make_server("http://127.0.0.1:1", name="box", seen_at=timezone.now())
    serve_from(shop, server)
    version = make_version(shop, 1)
    Deployment.objects.create(project=shop, version=version, action="promote", state="live", live_at=timezone.now())
    GatePolicy.objects.update_or_create(project=shop, defaults={"min_cases": 1})
    services.decide(acting(ana), make_sample(shop, split="test"), ["billing"])
    assert set(standing(shop).values()) == {"done"}
    client.force_login(ana)
    page = client.get("/projects/shop/").text
    assert "All set" in page
    assert f"{version.tag} is live" in page
    Membership.objects.update(ends_on=timezone.localdate() - timedelta(days=1))
    assert standing(shop)["Experts"] == "done"  # there are reviews


def test_a_step_is_registered_once():
    def ask(project):
        return Step("X", State.DONE, "", "/", "X")

    before = len(steps._steps)
    steps.register(999, ask)
    steps.register(999, ask)
    assert len(steps._steps) == before + 1
    del steps._steps[ask]


def test_golden_samples_count_under_todays_task(client, shop):
    ana = make_expert(shop, "ana")
    for label in ("billing", "billing", "delivery"):
        services.decide(acting(ana), make_sample(shop), [label])
    services.remove_label(SYSTEM, shop.labels.get(name="delivery"), leave_out=True)
    facts = golden_of(shop)
    assert (facts.there["train"], facts.count["train"]) == (3, 2)
    assert facts.labels == {"billing": 2, "praise": 0}
    assert facts.never_used == ["praise"]
    client.force_login(ana)
    page = client.get("/projects/shop/").text
    assert "<dd>3 <span" in page
    assert "2 count today" in page
    assert "No golden answer uses praise" in page


def test_the_pace_is_counted_by_week(shop):
    assert pace_of(shop) == []
    ana = make_expert(shop, "ana")
    for _ in range(3):
        services.decide(acting(ana), make_sample(shop), ["billing"])
    Review.objects.filter(pk=Review.objects.latest("pk").pk).update(created_at=timezone.now() - timedelta(weeks=1))
    weeks = pace_of(shop)
    assert len(weeks) == WEEKS
    assert [week.decisions for week in weeks[-2:]] == [1, 2]
    assert [week.share for week in weeks[-2:]] == [50, 100]


def test_the_page_costs_the_same_for_many_answers(client, shop, django_assert_max_num_queries):
    ana = make_expert(shop, "ana")
    for number in range(12):
        services.decide(acting(ana), make_sample(shop), [["billing"], ["praise"], ["delivery", "praise"]][number % 3])
    client.force_login(ana)
    with django_assert_max_num_queries(60):
        client.get("/projects/shop/")
