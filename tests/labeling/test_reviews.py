"""Decisions of experts: confirm, correct, reject, skip, undo."""

import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ConflictError, ProblemError
from labeling import services, signals
from labeling.answers import parse
from labeling.models import GoldenSample, Review, Sample
from tests.factories import SYSTEM, acting, make_expert, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def ana(project):
    return make_expert(project, "ana")


def propose(sample, raw='{"labels": ["billing"]}'):
    project = sample.project
    return services.record_prediction(
        SYSTEM,
        project,
        spec=project.spec,
        model_tag=f"{project.key}:v1",
        raw=raw,
        parsed=parse(raw, project.spec.to_spec(), None),
        source="queue",
        sample=sample,
    )


def test_a_confirmed_proposal_becomes_golden_and_is_announced(project, ana, django_capture_on_commit_callbacks):
    heard = []

    def listen(**news):
        heard.append((news["project_id"], news["golden_id"]))

    signals.golden_sample_added.connect(listen)
    try:
        sample = make_sample(project)
        with django_capture_on_commit_callbacks(execute=True):
            review = services.confirm(acting(ana), sample, prediction=propose(sample), seconds=3)
    finally:
        signals.golden_sample_added.disconnect(listen)
    golden = GoldenSample.objects.current().get()
    assert (golden.answer, golden.review, golden.source) == ({"labels": ["billing"]}, review, "review")
    assert Sample.objects.get().state == "golden"
    assert heard == [(project.pk, golden.pk)]


def test_a_correction_is_stored_in_the_order_of_the_labels(project, ana):
    sample = make_sample(project)
    review = services.decide(acting(ana), sample, ["Praise", "billing"], prediction=propose(sample))
    assert review.answer == GoldenSample.objects.get().answer == {"labels": ["billing", "praise"]}


def test_an_unreadable_proposal_cannot_be_confirmed(project, ana):
    sample = make_sample(project)
    with pytest.raises(ProblemError, match="nothing to confirm"):
        services.confirm(acting(ana), sample, prediction=propose(sample, raw="no idea"))


def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_stored(project, ana):
    sample = make_sample(project)
    with pytest.raises(ProblemError, match="weather"):
        services.decide(acting(ana), sample, ["weather"])
    assert Sample.objects.get().state == "pending"
    assert not Review.objects.exists()


def test_the_second_of_two_clicks_is_refused(project, ana):
    sample = make_sample(project)
    services.decide(acting(ana), sample, ["billing"])
    with pytest.raises(ConflictError, match="You have decided"):
        services.decide(acting(ana), sample, ["praise"])
    assert GoldenSample.objects.get().answer == {"labels": ["billing"]}


def test_a_sample_taken_over_by_somebody_else_is_refused(project, ana):
    sample = make_sample(project)
    services.next_sample(acting(make_expert(project, "ben")), project)
    with pytest.raises(ConflictError, match="ben has it now"):
        services.decide(acting(ana), sample, ["billing"])


def test_a_page_made_under_an_older_lease_is_refused(project, ana):
    make_sample(project)
    old = services.next_sample(acting(ana), project)
    services.take(acting(ana), old)
    with pytest.raises(ConflictError, match="given to you again"):
        services.skip(acting(ana), old, held_until=old.lease_until)


def test_a_rejected_sample_leaves_the_queue(project, ana):
    sample = make_sample(project)
    services.reject(acting(ana), sample, comment="spam")
    assert services.next_sample(acting(ana), project) is None
    assert not GoldenSample.objects.exists()


def test_a_skipped_sample_goes_to_the_back(project, ana):
    first, second = make_sample(project), make_sample(project)
    services.skip(acting(ana), first)
    assert services.next_sample(acting(ana), project) == second


def test_undo_gives_the_sample_back_at_once_and_keeps_the_history(project, ana):
    sample = make_sample(project)
    make_sample(project)
    review = services.decide(acting(ana), sample, ["billing"])
    services.next_sample(acting(ana), project)
    undo = services.undo(acting(ana), project)
    assert undo.undoes == review
    assert services.next_sample(acting(ana), project) == sample
    assert GoldenSample.objects.get().retired_at is not None
    assert Review.objects.count() == 2
    services.decide(acting(ana), sample, ["praise"])
    assert GoldenSample.objects.current().get().answer == {"labels": ["praise"]}


def test_undo_walks_back_through_ones_own_decisions_only(project, ana):
    first, second = make_sample(project), make_sample(project)
    services.skip(acting(ana), first)
    services.decide(acting(make_expert(project, "ben")), second, ["billing"])
    assert services.undo(acting(ana), project).sample == first
    assert services.undo(acting(ana), project) is None


def test_undo_is_refused_where_somebody_decided_since(project, ana):
    sample = make_sample(project)
    services.skip(acting(ana), sample)
    services.decide(acting(make_expert(project, "ben")), sample, ["billing"])
    with pytest.raises(ConflictError):
        services.undo(acting(ana), project)


def test_a_decided_sample_can_be_sent_back_to_review(project, ana):
    sample = make_sample(project)
    services.decide(acting(make_expert(project, "ben")), sample, ["billing"])
    services.reopen(acting(ana), sample)
    assert services.next_sample(acting(ana), project) == sample
    assert not GoldenSample.objects.current().exists()


@pytest.mark.parametrize("verb", [services.skip, services.reject])
def test_operator_cannot_decide(project, verb):
    with pytest.raises(PermissionDenied):
        verb(acting(make_operator(project)), make_sample(project))


def test_a_prediction_of_another_text_cannot_be_confirmed(project, ana):
    sample, other = make_sample(project), make_sample(project)
    with pytest.raises(ProblemError, match="another text"):
        services.confirm(acting(ana), sample, prediction=propose(other))
