"""Decisions of experts: confirm, correct, reject, skip, undo."""

import pytest
from django.core.exceptions import PermissionDenied

from labeling import services, signals
from labeling.answers import parse
from labeling.models import GoldenSample, Review, Sample
from labeling.problems import ConflictError, ProblemError
from tests.factories import make_expert, make_operator, make_project, make_sample

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
        project,
        spec=project.spec,
        model_tag=f"{project.key}:v1",
        raw=raw,
        parsed=parse(raw, project.spec.to_spec()),
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
            review = services.confirm(ana, sample, prediction=propose(sample), seconds=3)
    finally:
        signals.golden_sample_added.disconnect(listen)
    golden = GoldenSample.objects.current().get()
    assert (golden.answer, golden.review, golden.source) == ({"labels": ["billing"]}, review, "review")
    assert Sample.objects.get().state == "golden"
    assert heard == [(project.pk, golden.pk)]


def test_a_correction_is_stored_in_the_order_of_the_labels(project, ana):
    sample = make_sample(project)
    review = services.correct(ana, sample, answer=["Praise", "billing"], prediction=propose(sample))
    assert review.answer == GoldenSample.objects.get().answer == {"labels": ["billing", "praise"]}


def test_an_unreadable_proposal_cannot_be_confirmed(project, ana):
    sample = make_sample(project)
    with pytest.raises(ProblemError, match="nothing to confirm"):
        services.confirm(ana, sample, prediction=propose(sample, raw="no idea"))


def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_stored(project, ana):
    sample = make_sample(project)
    with pytest.raises(ProblemError, match="weather"):
        services.correct(ana, sample, answer=["weather"])
    assert Sample.objects.get().state == "pending"
    assert not Review.objects.exists()


def test_the_second_of_two_clicks_is_refused(project, ana):
    sample = make_sample(project)
    services.correct(ana, sample, answer=["billing"])
    with pytest.raises(ConflictError, match="You have decided"):
        services.correct(ana, sample, answer=["praise"])
    assert GoldenSample.objects.get().answer == {"labels": ["billing"]}


def test_a_sample_taken_over_by_somebody_else_is_refused(project, ana):
    sample = make_sample(project)
    services.next_sample(make_expert(project, "ben"), project)
    with pytest.raises(ConflictError, match="ben has it now"):
        services.correct(ana, sample, answer=["billing"])


def test_a_page_made_under_an_older_lease_is_refused(project, ana):
    make_sample(project)
    old = services.next_sample(ana, project)
    services.take(ana, old)
    with pytest.raises(ConflictError, match="given to you again"):
        services.skip(ana, old, held_until=old.lease_until)


def test_a_rejected_sample_leaves_the_queue(project, ana):
    sample = make_sample(project)
    services.reject(ana, sample, comment="spam")
    assert services.next_sample(ana, project) is None
    assert not GoldenSample.objects.exists()


def test_a_skipped_sample_goes_to_the_back(project, ana):
    first, second = make_sample(project), make_sample(project)
    services.skip(ana, first)
    assert services.next_sample(ana, project) == second


def test_undo_gives_the_sample_back_at_once_and_keeps_the_history(project, ana):
    sample = make_sample(project)
    make_sample(project)
    review = services.correct(ana, sample, answer=["billing"])
    services.next_sample(ana, project)
    undo = services.undo(ana, project)
    assert undo.undoes == review
    assert services.next_sample(ana, project) == sample
    assert GoldenSample.objects.get().retired_at is not None
    assert Review.objects.count() == 2
    services.correct(ana, sample, answer=["praise"])
    assert GoldenSample.objects.current().get().answer == {"labels": ["praise"]}


def test_undo_walks_back_through_ones_own_decisions_only(project, ana):
    first, second = make_sample(project), make_sample(project)
    services.skip(ana, first)
    services.correct(make_expert(project, "ben"), second, answer=["billing"])
    assert services.undo(ana, project).sample == first
    assert services.undo(ana, project) is None


def test_undo_is_refused_where_somebody_decided_since(project, ana):
    sample = make_sample(project)
    services.skip(ana, sample)
    services.correct(make_expert(project, "ben"), sample, answer=["billing"])
    with pytest.raises(ConflictError):
        services.undo(ana, project)


def test_a_decided_sample_can_be_sent_back_to_review(project, ana):
    sample = make_sample(project)
    services.correct(make_expert(project, "ben"), sample, answer=["billing"])
    services.reopen(ana, sample)
    assert services.next_sample(ana, project) == sample
    assert not GoldenSample.objects.current().exists()


@pytest.mark.parametrize("verb", [services.skip, services.reject])
def test_operator_cannot_decide(project, verb):
    with pytest.raises(PermissionDenied):
        verb(make_operator(project), make_sample(project))


def test_a_prediction_of_another_text_cannot_be_confirmed(project, ana):
    sample, other = make_sample(project), make_sample(project)
    with pytest.raises(ProblemError, match="another text"):
        services.confirm(ana, sample, prediction=propose(other))
