"""The automatic gate pays for each look, once, before it knows the outcome; a person needs no budget."""

import pytest
from django.db import ProgrammingError, transaction
from django.urls import reverse

from deployment.models import ServingPolicy
from evaluation.models import GatePolicy, GateReport, Look, SuiteCase
from evaluation.services import advance, freeze_suite, reports
from evaluation.services.upkeep import due, grown
from labeling.models import AlikeGroup, AlikeText, Event
from tests.evaluation.worlds import (
    make_golden,
    make_live,
    make_standing,
    make_world,
    right,
    right_every,
    text_of,
    wrong,
)
from tests.factories import make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def promoted(monkeypatch):
    """The tags that went live; no server is asked."""
    calls = []

    def promote(actor, plan, *, reason="", automatic=False):
        calls.append(plan.version.tag)
        return make_live(plan.version.staged.get())

    monkeypatch.setattr(reports, "promote", promote)
    return calls


@pytest.fixture
def shop(models):
    """The bare base is live and always wrong."""
    project = make_world(cases=40)
    ServingPolicy.objects.filter(project=project).update(auto_promote=True)
    GatePolicy.objects.create(project=project, free_cases=0, minimum=0.0)
    models.answer(0, wrong)
    make_live(make_standing(project, 0))
    return project


def test_a_look_is_paid_for_once_and_never_changed(shop, promoted):
    staged = make_standing(shop, 1)
    report = advance(staged.pk)
    look = Look.objects.get()
    assert (look.level, look.is_first, look.units) == (pytest.approx(0.6 * 0.0025), True, 40)
    assert (report.look, report.clears, promoted) == (look, True, ["shop:v1"])
    assert Event.objects.filter(verb="budget.spent").count() == 1
    advance(staged.pk)
    assert Look.objects.count() == GateReport.objects.count() == 1
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Look.objects.update(level=0)


def test_what_passes_at_five_percent_but_not_at_its_look_is_for_a_person(shop, models, promoted):
    models.answer(1, lambda text: right(text) if int(text.split()[2]) < 6 else wrong(text))
    staged = make_standing(shop, 1)
    report = advance(staged.pk)
    # 6 of 40 differ, all for the better: p is 1 of 128.
    assert (report.verdict, report.clears, promoted) == ("passed", False, [])
    assert "This look spent 0.0015 of the error budget, and p = 0.0078 is above that" in report.told["look"]["sentence"]
    assert report.told["advice"]["more"] > 0
    assert staged.pk not in due()


def test_where_a_person_promotes_nothing_is_spent(shop, promoted):
    ServingPolicy.objects.update(auto_promote=False)
    report = advance(make_standing(shop, 1).pk)
    assert (report.verdict, report.look, report.clears) == ("passed", None, False)
    assert not Look.objects.exists()


def test_what_the_gate_cannot_promote_costs_nothing(shop, models, promoted):
    old, new = make_standing(shop, 1), make_standing(shop, 2)
    make_live(new)
    models.answer(2, wrong)
    assert advance(old.pk).verdict == "passed"
    assert not Look.objects.exists()


def test_a_grown_suite_is_another_look_at_the_same_candidate(shop, models, promoted):
    models.answer(1, lambda text: right(text) if int(text.split()[2]) % 7 == 0 else wrong(text))
    staged = make_standing(shop, 1)
    advance(staged.pk)
    assert grown() == []
    for number in range(40, 120):
        make_golden(shop, text_of(number))
    assert grown() == [staged.pk]
    report = advance(staged.pk)
    first, again = Look.objects.order_by("pk")
    assert (first.is_first, again.is_first, again.units) == (True, False, 120)
    assert again.level == pytest.approx(0.6 * (0.0025 - first.level))
    assert (report.clears, promoted, grown()) == (True, ["shop:v1"], [])


def test_what_was_live_once_is_the_anchor(shop, models, promoted):
    GatePolicy.objects.update(accept_tie=True, margin=0.3)
    models.answer(1, right)
    best = make_standing(shop, 1)
    advance(best.pk)
    make_live(make_standing(shop, 2))
    models.answer(2, right_every(2))
    models.answer(3, right_every(2))
    report = advance(make_standing(shop, 3).pk)
    assert (report.verdict, report.held_against.number) == ("passed", 2)
    assert "against shop:v1, once live: not shown to be within 0.3" in report.told["look"]["sentence"]
    assert promoted == ["shop:v1"]


def test_the_gauge_and_its_history_are_shown(shop, promoted, client):
    advance(make_standing(shop, 1).pk)
    client.force_login(make_operator(shop))
    page = " ".join(client.get(reverse("evaluation:benchmarks", args=["shop"])).content.decode().split())
    assert "Round 1 of 20: 0.0485 of 0.0500 left" in page
    assert '<meter id="budget-gauge" min="0" max="0.050000" value="0.048500">' in page
    row = client.get("/api/v1/projects/shop/gate-reports").json()["results"][0]
    assert row["clears"] is True
    assert row["told"]["look"]["budget"]["round"] == 1
    assert row["told"]["test"]["groups"] == 40


def test_cases_that_are_nearly_the_same_are_one_group(models):
    project = make_world(cases=3)
    make_golden(project, text_of(0).replace("Message", "message") + "!", answer={"labels": ["billing"]})
    like = [sample.pk for sample in project.samples.order_by("pk")[1:3]]
    group = AlikeGroup.objects.create(project=project)
    for sample in like:
        AlikeText.objects.create(group=group, sample_id=sample, likeness=0.97)
    freeze_suite(project)
    by_sample = dict(SuiteCase.objects.values_list("sample", "group"))
    assert by_sample[like[0]] == by_sample[like[1]]
    assert len(set(by_sample.values())) == 2
