"""Where the project promotes by itself, the gate alone does, once per version."""

import pytest

from common.problems import ConflictError
from deployment.models import Deployment, ServingPolicy
from evaluation.services import advance, reports
from evaluation.services.upkeep import due
from tests.evaluation.worlds import make_live, make_standing, make_world, right, right_every, wrong
from tests.training.helpers import make_run
from training.models import TrainingRound, TrainingRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def promoted(monkeypatch):
    """What was promoted, as (tag, reason); no server is asked."""
    calls = []

    def promote(actor, plan, *, reason="", automatic=False):
        assert actor.name == "gate"
        assert automatic
        calls.append((plan.version.tag, reason))
        return make_live(plan.version.staged.get())

    monkeypatch.setattr(reports, "promote", promote)
    return calls


@pytest.fixture
def shop(models):
    project = make_world(cases=40)
    ServingPolicy.objects.filter(project=project).update(auto_promote=True)
    models.answer(0, wrong)
    return project


def test_the_baseline_goes_live_where_nothing_is(shop, promoted):
    bare = make_standing(shop, 0)
    report = advance(bare.pk)
    assert promoted == [("shop:v0", report.sentence)]
    advance(bare.pk)
    assert len(promoted) == 1


def test_what_passed_goes_live_with_the_sentence_as_its_reason(shop, promoted):
    advance(make_standing(shop, 0).pk)
    report = advance(make_standing(shop, 1).pk)
    assert report.verdict == "passed"
    assert promoted[1:] == [("shop:v1", report.sentence)]


def test_a_second_message_leaves_the_judgment_that_it_went_live_on(shop, models, promoted):
    """The sweep asks again while the first one is slow; then nothing is left to hold the version against."""
    first, second = make_standing(shop, 1), make_standing(shop, 2)
    make_live(first)
    models.answer(1, wrong)
    report = advance(second.pk)
    assert (report.verdict, [tag for tag, _ in promoted]) == ("passed", ["shop:v2"])
    assert advance(second.pk) == report
    second.refresh_from_db()
    assert (second.verdict, second.gate_report, second.gate_reports.count()) == ("passed", report.uid, 1)


def test_what_was_refused_does_not(shop, models, promoted):
    advance(make_standing(shop, 0).pk)
    models.answer(1, wrong)
    advance(make_standing(shop, 1).pk)
    assert [tag for tag, _ in promoted] == ["shop:v0"]


def test_nothing_is_promoted_where_the_policy_does_not_say_so(shop, promoted):
    ServingPolicy.objects.update(auto_promote=False)
    make_standing(shop, 0)
    assert advance(make_standing(shop, 1).pk).verdict == "passed"
    assert not promoted


def test_what_a_person_rolled_back_is_not_promoted_again(shop, promoted):
    bare, first = make_standing(shop, 0), make_standing(shop, 1)
    advance(bare.pk)
    advance(first.pk)
    make_live(bare)
    advance(first.pk)
    assert [tag for tag, _ in promoted] == ["shop:v0", "shop:v1"]
    assert due() == []


def test_an_older_version_does_not_replace_a_newer_one(shop, models, promoted):
    make_standing(shop, 0)
    old, new = make_standing(shop, 1), make_standing(shop, 2)
    models.answer(2, right_every(2))
    make_live(new)
    models.answer(1, right)
    assert advance(old.pk).verdict == "passed"
    assert not promoted


def test_of_a_round_the_candidate_alone_is_promoted(shop, promoted):
    advance(make_standing(shop, 0).pk)
    chosen, beside = make_run(shop, "succeeded"), make_run(shop, "succeeded")
    round = TrainingRound.objects.create(
        project=shop, snapshot=chosen.snapshot, trigger="manual", margin=0.01, candidate=chosen
    )
    TrainingRun.objects.update(round=round)
    assert advance(make_standing(shop, 1, run=beside).pk).verdict == "passed"
    assert [tag for tag, _ in promoted] == ["shop:v0"]
    assert advance(make_standing(shop, 2, run=chosen).pk).verdict == "passed"
    assert [tag for tag, _ in promoted] == ["shop:v0", "shop:v2"]


def test_a_promotion_that_met_another_move_is_due_again(shop, promoted, monkeypatch):
    make_standing(shop, 0)
    staged = make_standing(shop, 1)

    def busy(*args, **kwargs):
        raise ConflictError("ada is moving shop just now.")

    working = reports.promote
    monkeypatch.setattr(reports, "promote", busy)
    assert advance(staged.pk).verdict == "passed"
    assert not Deployment.objects.exists()
    assert staged.pk in due()
    monkeypatch.setattr(reports, "promote", working)
    advance(staged.pk)
    assert [tag for tag, _ in promoted] == ["shop:v1"]
    assert staged.pk not in due()
