"""Nobody chooses a test case: thumbs, feedback and Analyze change neither the order nor the answers of test texts."""

import random

import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ProblemError
from labeling import services
from labeling.models import Feedback, GoldenSample, Sample
from labeling.services import create_token
from labeling.services.judging import ANALYZED, SEEN
from tests.factories import SYSTEM, acting, acting_through, make_expert, make_operator, make_project, make_sample
from tests.labeling.proposing import predict, propose, texts_of

pytestmark = pytest.mark.django_db
POOL, REVIEWED = 120, 60
RIGHT, WRONG = ["billing"], {"labels": ["praise"]}


@pytest.fixture
def project():
    return make_project("shop", train_share=0, validation_share=0, test_share=100)


@pytest.fixture
def ana(project):
    return make_expert(project, "ana")


def judging():
    return list(GoldenSample.objects.judging().order_by("id").values_list("sample__text", "answer", "given"))


def review(ana, project, count):
    """The texts that the queue gave, answered by what stands in them."""
    given = []
    for _ in range(count):
        sample = services.next_sample(acting(ana), project)
        services.decide(acting(ana), sample, RIGHT)
        given.append(sample.text)
    return given


def test_thumbs_and_feedback_on_a_tenth_of_the_texts_bend_no_case(project, ana):
    """The suite is what it would be without them: the same texts in the same order, with the experts' own answers."""
    predictions = [predict(project, text) for text in texts_of("test", project, POOL)]
    drawn = list(Sample.objects.pending().values_list("text", flat=True))[:REVIEWED]
    token, _ = create_token(SYSTEM, ana, "bot", [project], ["feedback"])
    for number, prediction in enumerate(random.Random(5).sample(predictions, REVIEWED // 10)):
        said = [{"thumb": -1}, {"thumb": -1, "answer": ["praise"]}, {"answer": ["praise"]}][number % 3]
        by = acting_through(token) if number % 2 else acting(ana)
        assert services.give_feedback(by, prediction, **said).effect == "test"
    assert not GoldenSample.objects.exists()
    assert review(ana, project, REVIEWED) == drawn
    assert judging() == [(text, {"labels": RIGHT}, "blind") for text in drawn]
    assert services.cases_left_out(project) == {}


def test_feedback_changes_no_answer_of_a_test_text(project, ana):
    prediction = predict(project, "Where is it?")
    services.decide(acting(ana), prediction.sample, RIGHT)
    before = judging()
    assert services.give_feedback(acting(ana), prediction, answer=["praise"]).effect == "test"
    assert judging() == before
    assert Feedback.objects.get().answer == WRONG


def test_analyze_after_the_answer_changes_nothing_and_before_it_takes_the_case_out(project, ana):
    decided, waiting = make_sample(project, split="test"), make_sample(project, split="test")
    services.decide(acting(ana), decided, RIGHT)
    before = judging()
    for sample in (decided, waiting):
        propose(sample, source="analyze")
    services.decide(acting(ana), waiting, RIGHT)
    assert judging() == before
    assert services.cases_left_out(project) == {ANALYZED: 1}


def test_saving_on_the_analyze_page_gives_a_test_text_no_answer(project, ana):
    sample = make_sample(project, split="test")
    with pytest.raises(ProblemError, match="without a proposal"):
        services.confirm(acting(ana), sample, prediction=propose(sample, source="analyze"))
    assert not GoldenSample.objects.exists()


def test_what_leans_on_a_proposal_judges_nothing(project, ana):
    sample = make_sample(project, split="test")
    services.decide(acting(ana), sample, RIGHT)
    GoldenSample.objects.update(given="seen")
    assert judging() == []
    assert services.cases_left_out(project) == {SEEN: 1}


def test_an_operators_feedback_on_a_test_text_is_kept_and_a_strangers_refused(project):
    prediction = predict(project, "Where is it?")
    rank = Sample.objects.get().rank
    assert services.give_feedback(acting(make_operator(project)), prediction, thumb=-1).effect == "test"
    with pytest.raises(PermissionDenied):
        services.give_feedback(acting(make_expert(make_project())), prediction, thumb=-1)
    assert (Sample.objects.get().rank, Feedback.objects.count()) == (rank, 1)
