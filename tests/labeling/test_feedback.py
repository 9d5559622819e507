"""Feedback: an expert's right answer is approved, everybody else's moves the text to the front of the queue."""

import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ProblemError
from labeling import services
from labeling.answers import parse
from labeling.models import Feedback, GoldenSample, Sample
from labeling.services import create_token
from tests.factories import SYSTEM, acting, acting_through, make_expert, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
RIGHT = {"labels": ["delivery"]}


@pytest.fixture
def project():
    # No test split: feedback on test texts is in test_cases_are_drawn.py.
    return make_project(train_share=90, validation_share=10, test_share=0)


@pytest.fixture
def prediction(project):
    make_sample(project)
    raw = '{"labels": ["billing"]}'
    parsed = parse(raw, project.spec.to_spec(), None)
    return services.record_prediction(
        SYSTEM,
        project,
        spec=project.spec,
        model_tag="shop:v1",
        raw=raw,
        parsed=parsed,
        source="api",
        input="Where is it?",
    )


def test_the_right_answer_of_an_expert_is_golden_at_once(project, prediction):
    services.give_feedback(acting(make_expert(project)), prediction, answer=["delivery"])
    golden = GoldenSample.objects.current().get()
    assert (golden.answer, golden.source, golden.sample) == (RIGHT, "feedback", prediction.sample)
    assert Sample.objects.get(pk=prediction.sample_id).state == "golden"
    assert Feedback.objects.get().spec == golden.spec == project.spec  # which says what the names mean


def test_a_second_answer_of_an_expert_retires_the_first(project, prediction):
    ana = make_expert(project)
    services.give_feedback(acting(ana), prediction, answer=["delivery"])
    services.give_feedback(acting(ana), prediction, answer=["praise"])
    assert GoldenSample.objects.current().get().answer == {"labels": ["praise"]}
    assert GoldenSample.objects.count() == 2


def test_the_right_answer_of_an_operator_is_a_hint_for_the_experts(project, prediction):
    services.give_feedback(acting(make_operator(project)), prediction, answer=["delivery"])
    assert not GoldenSample.objects.exists()
    assert Feedback.objects.get().answer == RIGHT
    assert services.next_sample(acting(make_expert(project)), project) == prediction.sample


def test_a_token_approves_nothing_even_if_its_owner_may_review(project, prediction):
    ana = make_expert(project)
    token, _ = create_token(SYSTEM, ana, "bot", [project], ["feedback"])
    services.give_feedback(acting_through(token), prediction, answer=["delivery"])
    assert not GoldenSample.objects.exists()
    assert services.next_sample(acting(ana), project) == prediction.sample


def test_a_thumb_down_moves_the_text_to_the_front_and_a_thumb_up_does_not(project, prediction):
    ana = make_expert(project)
    assert services.give_feedback(acting(ana), prediction, thumb=1).effect == "kept"
    assert Sample.objects.get(pk=prediction.sample_id).rank == prediction.sample.rank
    assert services.give_feedback(acting(ana), prediction, thumb=-1).effect == "first"
    assert Sample.objects.get(pk=prediction.sample_id).rank < 0


def test_a_thumb_down_does_not_touch_what_an_expert_decided(project, prediction):
    ana = make_expert(project)
    services.decide(acting(ana), prediction.sample, ["praise"])
    services.give_feedback(acting(make_operator(project)), prediction, thumb=-1)
    assert GoldenSample.objects.current().get().answer == {"labels": ["praise"]}


@pytest.mark.parametrize("said", [{}, {"comment": "  "}, {"thumb": 5}, {"answer": ["weather"]}])
def test_feedback_without_sense_is_refused(project, prediction, said):
    with pytest.raises(ProblemError):
        services.give_feedback(acting(make_expert(project)), prediction, **said)
    assert not Feedback.objects.exists()


def test_a_stranger_is_refused(prediction):
    with pytest.raises(PermissionDenied):
        services.give_feedback(acting(make_expert(make_project())), prediction, thumb=1)
