"""A proposal that is less sure than the project wants is told and not filled in."""

import pytest

from labeling.models import GoldenSample, Project, Review
from tests.factories import make_expert, make_project, make_sample
from tests.labeling.proposing import propose
from tests.labeling.test_review_page import URL, fields, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(client):
    project = make_project("shop", preselect_from=60)
    client.force_login(make_expert(project, "ana"))
    return make_sample(project, "Where is my money?")


def test_it_is_told_with_the_reason_and_nothing_is_chosen(client, sample):
    propose(sample, confidence=0.31)
    html = page(client)
    assert "the model is 31 % sure, and here proposals are filled in from 60 % on" in html
    assert "checked" not in html
    assert "data-proposed" not in html
    taken = page(client, data={"take": sample.uid})
    assert 'value="billing" checked' in taken
    assert page(client, data={"take": "rubbish"}).count("checked") == 0


def test_a_form_that_nobody_touched_is_no_answer(client, sample):
    propose(sample, confidence=0.31)
    refused = client.post(URL, fields(page(client)))
    assert refused.status_code == 400
    assert not Review.objects.exists()
    client.post(URL, fields(refused.content.decode(), labels=["billing"]))
    assert Review.objects.get().action == "confirm"
    assert GoldenSample.objects.get().given == "seen"


@pytest.mark.parametrize("said", [{"confidence": 0.6}, {"confidence": 0.1, "share": 0.9}, {}])
def test_what_is_sure_enough_or_not_measured_is_filled_in(client, sample, said):
    share = said.pop("share", None)
    prediction = propose(sample, **said)
    type(prediction).objects.update(share=share)
    assert 'value="billing" checked' in page(client)


def test_without_a_threshold_all_are_filled_in(client, sample):
    Project.objects.update(preselect_from=None)
    propose(sample, confidence=0.01)
    assert 'value="billing" checked' in page(client)
