"""A retraining by several methods: one snapshot, a run of each, one candidate; the others stand beside it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from common.problems import ConflictError, ProblemError
from deployment.models import Artifact
from labeling.models import Event
from tests.factories import SYSTEM, acting, make_expert, make_operator
from tests.training.helpers import make_base, make_golden, make_policy, make_run
from training import higher
from training.models import ModelVersion, RetrainMethod, RetrainPolicy, TrainingRound, TrainingRun
from training.services import check_trigger, judge_too, register_base, resume_run, retrain, run_folder
from training.services.settling import PATIENCE, settle, settle_due
from training.services.triggers import what_holds_back
from training.standing import round_of

pytestmark = pytest.mark.django_db
MANUAL = TrainingRun.Trigger.MANUAL
RIGHT, WRONG = [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]


def rows(right: int, of: int = 60) -> list[list[float]]:
    return [[number, *(RIGHT if number <= right else WRONG)] for number in range(1, of + 1)]


@pytest.fixture
def listed(shop):
    """A project whose retrainings are on two bases."""
    policy = make_policy(shop, threshold=3)
    RetrainMethod.objects.create(project=shop, method="sft", profile=policy.profile, base=other_base())
    make_golden(shop, 3)
    return policy


def other_base():
    return register_base(SYSTEM, "small-base", "org/small", "r2")


def end(run: TrainingRun, right: int | None = None, state: str = "succeeded") -> TrainingRun:
    """It has ended; where it succeeded it answered so many of sixty rows rightly."""
    result = {"adapter_digest": f"{run.pk:064x}", "validated": rows(right) if right is not None else []}
    values = {"state": state, "finished_at": timezone.now(), "result": result if state == "succeeded" else {}}
    TrainingRun.objects.filter(pk=run.pk).update(**values)
    run.refresh_from_db()
    return run


def started(project) -> tuple[TrainingRound, list[TrainingRun]]:
    first = check_trigger(project)
    assert first is not None
    return first.round, list(TrainingRun.objects.filter(round=first.round).order_by("pk"))


def test_one_method_starts_a_run_alone_as_ever(shop):
    make_policy(shop, threshold=3)
    make_golden(shop, 3)
    run = check_trigger(shop)
    assert (run.round, run.counted_to is None, TrainingRound.objects.count()) == (None, False, 0)


def test_a_trigger_starts_one_run_for_each_method_on_one_snapshot(shop, listed):
    round, runs = started(shop)
    assert [(run.state, run.base.name, run.trigger) for run in runs] == [
        ("queued", "some-base", "threshold"), ("queued", "small-base", "threshold"),
    ]  # fmt: skip
    assert {run.snapshot for run in runs} == {round.snapshot}
    assert (round.state, round.margin, round.counted_from, {run.counted_to for run in runs}) == (
        "open",
        0.01,
        0,
        {None},
    )
    assert Event.objects.filter(verb="round.started", subject_uid=round.uid).get().after["left_out"] == 0
    assert check_trigger(shop) is None
    assert settle(round.pk) is None


def test_the_best_becomes_the_candidate_once_all_have_ended(shop, listed):
    round, (one, two) = started(shop)
    end(one, right=55)
    assert settle(round.pk) is None
    assert not ModelVersion.objects.exists()
    end(two, right=20)
    settled = settle(round.pk)
    assert (settled.state, settled.candidate) == ("settled", one)
    version = ModelVersion.objects.get()
    assert (version.run, version.adapter_digest) == (one, f"{one.pk:064x}")
    assert settle(round.pk) is None
    assert ModelVersion.objects.count() == 1
    told = round_of(two)
    assert [(row.is_candidate, row.can_be_judged) for row in told.runs] == [(True, False), (False, True)]
    assert told.sentence.startswith(
        "The language model (some-base) is 58.3 points better than the language model (small"
    )
    assert Event.objects.get(verb="round.settled").after["version"] == version.number
    with pytest.raises(ConflictError, match="has a version already"):
        judge_too(SYSTEM, one)


def test_of_equals_the_cheaper_one_is_taken_by_what_was_measured(shop, listed, monkeypatch):
    round, (one, two) = started(shop)
    monkeypatch.setattr(higher, "_paces", [lambda runs: {one.pk: 800.0, two.pk: 12.0}])
    for run in (one, two):
        end(run, right=40)
    assert settle(round.pk).candidate == two
    assert "answers in 12 ms instead of 800" in round_of(one).sentence
    assert "within the margin of 1 point is the language model (small-base)" in round_of(one).sentence


def test_a_failed_or_cancelled_run_does_not_block_the_others(shop, listed):
    round, (one, two) = started(shop)
    end(one, state="failed")
    end(two, right=3)
    assert settle(round.pk).candidate == two
    assert what_holds_back(shop) == ""
    assert round_of(two).sentence == "The language model alone succeeded: it is the candidate."
    policy = RetrainPolicy.objects.get()
    assert policy.counted_to == round.counted_to


def test_where_no_run_succeeds_the_samples_come_back_and_a_later_success_is_the_candidate(shop, listed):
    round, (one, two) = started(shop)
    end(one, state="failed")
    end(two, state="cancelled")
    assert settle(round.pk).state == "failed"
    assert RetrainPolicy.objects.get().counted_to == 0
    assert Event.objects.filter(verb="round.failed").count() == 1
    assert settle(round.pk) is None
    assert "failed: the next one starts by itself after" in what_holds_back(shop)
    one.refresh_from_db()
    TrainingRun.objects.filter(pk=one.pk).update(ending="person")
    one.refresh_from_db()
    resume_run(SYSTEM, one)
    assert RetrainPolicy.objects.get().counted_to == round.counted_to
    end(one, right=10)
    assert settle_due() == 1
    round.refresh_from_db()
    assert round.candidate == one


def test_what_never_ends_is_not_waited_for_for_ever(shop, listed):
    round, (one, two) = started(shop)
    end(one, right=10)
    assert settle_due() == 0
    TrainingRun.objects.filter(pk=one.pk).update(finished_at=timezone.now() - PATIENCE - timedelta(minutes=1))
    TrainingRun.objects.filter(pk=two.pk).update(state="running")
    assert settle_due() == 0
    TrainingRun.objects.filter(pk=two.pk).update(state="paused")
    assert settle_due() == 1
    end(two, right=60)
    assert settle_due() == 0
    round.refresh_from_db()
    assert round.candidate == one
    version = judge_too(SYSTEM, two)
    assert (version.run, version.number) == (two, 2)


def test_a_person_may_have_another_one_judged_and_the_gate_leaves_it_alone(shop, listed):
    olga = make_operator(shop, "olga")
    round, (one, two) = started(shop)
    with pytest.raises(ConflictError, match="candidate was chosen"):
        judge_too(acting(olga), two)
    end(one, right=50)
    end(two, right=10)
    settle(round.pk)
    with pytest.raises(PermissionDenied):
        judge_too(acting(make_expert(shop, "eva")), two)
    version = judge_too(acting(olga), two)
    assert (version.run, version.run.round.candidate) == (two, one)
    assert Event.objects.get(verb="run.judgment_asked").user_id == olga.pk
    assert Artifact.objects.count() == 0


def test_a_method_that_cannot_be_started_is_left_out_and_said(shop, listed):
    RetrainMethod.objects.create(project=shop, method="head")
    round, runs = started(shop)
    assert len(runs) == 2
    assert round.left_out[0].startswith("Head on a sentence encoder: There is no sentence encoder yet")


def test_where_none_can_be_started_it_is_refused(shop, listed):
    listed.base.problems, listed.base.state = ["It is damaged."], "refused"
    listed.base.save()
    RetrainMethod.objects.update(base=listed.base, profile=None)
    with pytest.raises(ProblemError, match="damaged"):
        retrain(SYSTEM, shop, trigger=MANUAL)
    assert not TrainingRound.objects.exists()


def test_the_list_is_checked_as_the_policy_is(shop, listed):
    with pytest.raises(ValidationError, match="needs one"):
        RetrainMethod(project=shop, method="lm_head").full_clean()
    with pytest.raises(ValidationError, match="lists this method itself"):
        RetrainMethod(project=shop, method="sft", base=listed.base, profile=listed.profile).full_clean()
    with pytest.raises(ValidationError, match="has this method already"):
        RetrainMethod(project=shop, method="sft", base=other_base(), profile=listed.profile).full_clean()
    RetrainMethod(project=shop, method="lm_head", base=listed.base, profile=listed.profile).full_clean()
    listed.full_clean()
    listed.base = other_base()
    with pytest.raises(ValidationError, match="lists this method beside the policy"):
        listed.full_clean()


def test_a_run_started_alone_has_no_round_to_be_judged_in(shop):
    run = make_run(shop, "succeeded")
    with pytest.raises(ConflictError, match="not of a round"):
        judge_too(SYSTEM, run)
    assert run_folder(run).name == str(run.uid)
    assert make_base() == run.base
