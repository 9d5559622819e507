"""Each golden answer records what its giver had in sight."""

import pytest
from django.db import IntegrityError, transaction

from labeling import services
from labeling.models import GoldenSample
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample
from tests.labeling.proposing import predict, propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(train_share=90, validation_share=10, test_share=0)


@pytest.fixture
def ana(project):
    return make_expert(project)


def given():
    return GoldenSample.objects.current().get().given


def test_beside_a_proposal_it_is_seen_whether_confirmed_or_corrected(project, ana):
    sample = make_sample(project)
    services.confirm(acting(ana), sample, prediction=propose(sample))
    assert given() == "seen"
    services.undo(acting(ana), project)
    services.decide(acting(ana), sample, ["praise"], prediction=propose(sample))
    assert given() == "seen"


def test_without_a_proposal_it_is_blind(project, ana):
    services.decide(acting(ana), make_sample(project), ["praise"])
    assert given() == "blind"


def test_an_unreadable_proposal_was_in_sight_too_and_a_refused_text_had_none(project, ana):
    sample = make_sample(project)
    services.decide(acting(ana), sample, ["praise"], prediction=propose(sample, "It is praise, I say"))
    assert given() == "seen"
    services.undo(acting(ana), project)
    services.decide(acting(ana), sample, ["praise"], prediction=propose(sample, ""))
    assert given() == "blind"


def test_known_answers_are_imported_and_feedback_has_seen(project, tmp_path):
    file = tmp_path / "mails.jsonl"
    file.write_text('{"text": "From a file", "labels": ["praise"]}\n')
    services.import_file(SYSTEM, project, file, {"text": "text", "answer": "labels", "answers": "all"})
    text = services.NewText("Posted", answer={"labels": ["praise"]})
    services.create_samples(acting(make_manager(project)), project, [text], may_approve=True)
    assert set(GoldenSample.objects.values_list("given", flat=True)) == {"imported"}
    prediction = predict(project, "Asked")
    services.give_feedback(acting(make_expert(project)), prediction, answer=["praise"])
    assert GoldenSample.objects.get(source="feedback").given == "seen"


def test_an_answer_that_does_not_say_how_it_was_given_is_refused_by_the_database(project):
    with pytest.raises(IntegrityError), transaction.atomic():
        GoldenSample.objects.create(project=project, sample=make_sample(project), spec=project.spec, answer={})
