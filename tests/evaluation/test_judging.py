"""The first version against the bare base, a later one against the live one, a spoiled one refused."""

import pytest

from deployment.models import StagedVersion
from evaluation.models import Benchmark, GatePolicy, GateReport
from evaluation.services import advance, policy_of
from tests.evaluation.worlds import make_live, make_standing, make_world, right, right_every, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(models):
    """Version 0 stands there and answers every fourth case right; version 1 three of four."""
    project = make_world(cases=60)
    make_standing(project, 0)
    models.answer(0, right_every(4))
    models.answer(1, lambda text: wrong(text) if int(text.split()[2]) % 4 == 0 else right(text))
    return project


def verdict_on(staged: StagedVersion) -> str:
    staged.refresh_from_db()
    return staged.verdict


def test_the_bare_base_is_the_baseline_at_once(shop, models):
    bare = StagedVersion.objects.get(version__number=0)
    report = advance(bare.pk)
    assert (report.verdict, report.candidate) == ("baseline", None)
    assert verdict_on(bare) == "baseline"
    assert not models.asked


def test_the_first_version_is_held_against_the_bare_base(shop):
    staged = make_standing(shop, 1)
    report = advance(staged.pk)
    assert report.verdict == verdict_on(staged) == "passed"
    assert report.reference.version.number == 0
    assert [check["name"] for check in report.checks] == ["cases", "minimum", "psr", "labels", "difference"]
    assert all(check["ok"] for check in report.checks)
    assert "shop:v1 passed" in report.sentence
    assert staged.verdict_report["f1_micro"] == pytest.approx(0.75)
    assert staged.verdict_sentence == report.sentence


def test_both_are_benchmarked_as_served_and_free(shop):
    GatePolicy.objects.create(project=shop, free_cases=7)
    advance(make_standing(shop, 1).pk)
    found = set(Benchmark.objects.values_list("version__number", "decoding", "cases", "state"))
    assert found == {(n, d, c, "succeeded") for n in (0, 1) for d, c in (("served", 60), ("free", 7))}


def test_a_later_version_is_held_against_the_live_one(shop, models):
    v1 = make_standing(shop, 1)
    advance(v1.pk)
    make_live(v1)
    models.answer(2, right_every(2))
    report = advance(make_standing(shop, 2).pk)
    assert report.reference.version.number == 1
    assert report.verdict == "refused"
    models.answer(3, right)
    assert advance(make_standing(shop, 3).pk).verdict == "passed"


def test_a_spoiled_version_is_refused_by_its_test(shop, models):
    v1 = make_standing(shop, 1)
    advance(v1.pk)
    make_live(v1)
    policy = policy_of(shop)
    policy.minimum = 0.0
    policy.save()
    models.answer(2, wrong)
    staged = make_standing(shop, 2)
    report = advance(staged.pk)
    assert report.verdict == verdict_on(staged) == "refused"
    assert [check["name"] for check in report.checks if not check["ok"]] == ["labels", "difference"]
    assert "shown to be worse" in report.sentence
    assert report.policy["minimum"] == 0.0


def test_a_small_gain_is_insufficient(shop, models):
    v1 = make_standing(shop, 1)
    make_live(v1)
    models.answer(2, lambda text: right(text) if "number 4 " in text else models.tellers[1](text))
    assert advance(make_standing(shop, 2).pk).verdict == "insufficient"


def test_answers_that_cannot_be_read_are_refused(shop, models):
    make_live(make_standing(shop, 1))
    models.answer(2, lambda text: right(text) if int(text.split()[2]) < 50 else "I would rather not say.")
    report = advance(make_standing(shop, 2).pk)
    assert report.verdict == "refused"
    assert "parsing success" in report.sentence


def test_without_golden_test_samples_it_is_insufficient_and_says_what_to_do(models):
    project = make_world(cases=0)
    make_standing(project, 0)
    staged = make_standing(project, 1)
    report = advance(staged.pk)
    assert report.verdict == verdict_on(staged) == "insufficient"
    assert "Review or import some" in report.sentence
    assert not models.asked


def test_too_few_cases_are_insufficient(models):
    project = make_world(cases=5)
    make_standing(project, 0)
    assert "only 5 shared cases" in advance(make_standing(project, 1).pk).sentence


def test_the_judgment_waits_for_a_reference_that_is_on_its_way(shop):
    bare = StagedVersion.objects.get(version__number=0)
    StagedVersion.objects.filter(pk=bare.pk).update(state="staging")
    staged = make_standing(shop, 1)
    assert advance(staged.pk) is None
    assert verdict_on(staged) == ""
    StagedVersion.objects.filter(pk=bare.pk).update(state="staged")
    assert advance(staged.pk).verdict == "passed"


def test_a_reference_that_will_never_come_is_said(shop):
    StagedVersion.objects.filter(version__number=0).update(state="failed")
    report = advance(make_standing(shop, 1).pk)
    assert report.verdict == "insufficient"
    assert "shop:v0, which it must beat, does not stand on server-shop" in report.sentence


def test_advancing_twice_does_nothing_twice(shop, models):
    staged = make_standing(shop, 1)
    first, asked = advance(staged.pk), models.asked.total()
    assert advance(staged.pk) == first
    assert models.asked.total() == asked
    assert GateReport.objects.filter(staged=staged).count() == 1
    assert Benchmark.objects.count() == 4


def test_no_verdict_while_the_server_is_away_and_then_it_goes_on(shop, models):
    staged = make_standing(shop, 1)
    models.down_after = 80
    assert advance(staged.pk) is None
    assert verdict_on(staged) == ""
    models.down_after = None
    assert advance(staged.pk).verdict == "passed"
    assert models.asked.total() == 2 * 60 + 2 * 50


def test_what_is_not_staged_is_left_alone(shop):
    staged = make_standing(shop, 1)
    StagedVersion.objects.filter(pk=staged.pk).update(state="removed")
    assert advance(staged.pk) is None
    assert advance(10**9) is None
