"""The review page: what a submit does, and that nothing entered is ever lost."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from labeling import services
from labeling.answers import parse
from labeling.models import GoldenSample, Review, Sample
from tests.factories import SYSTEM, acting, make_expert, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
URL = "/projects/shop/review/"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project, client):
    user = make_expert(project, "ana")
    client.force_login(user)
    return user


def propose(sample, raw='{"labels": ["billing"]}'):
    project = sample.project
    return services.record_prediction(
        SYSTEM,
        project,
        spec=project.spec,
        model_tag="shop:v1",
        raw=raw,
        parsed=parse(raw, project.spec.to_spec(), None),
        source="queue",
        sample=sample,
        confidence=0.87,
    )


def page(client, **kwargs):
    return client.get(URL, **kwargs).content.decode()


def fields(html, **changes):
    """The form's hidden fields and checked toggles, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    form = {name: value for name, value in found if name != "csrfmiddlewaretoken"}
    form["labels"] = re.findall(r'name="labels" value="([^"]*)" checked', html)
    return {**form, "action": "save", **changes}


def test_the_proposal_is_on_the_toggles_with_its_model(client, project, ana):
    propose(make_sample(project, "Where is my money?"))
    html = page(client)
    assert "Where is my money?" in html
    assert 'value="billing" checked' in html
    assert "shop:v1" in html
    assert "87 %" not in html, "nobody has measured yet what that is worth"


def test_a_proposal_that_comes_late_is_announced(client, project, ana):
    sample = make_sample(project)
    assert "?proposal=" in page(client)
    url = f"{URL}?proposal={sample.uid}"
    assert client.get(url).status_code == 204
    propose(sample)
    assert "shop:v1" in client.get(url).content.decode()
    assert client.get(f"{URL}?proposal=rubbish").status_code == 204


def test_what_nobody_can_review_any_more_is_not_asked_about_again(client, project, ana):
    ended = client.get(f"{URL}?proposal={make_sample(project, state='rejected').uid}")
    assert (ended.status_code, ended["HX-Reswap"]) == (286, "none")


def test_the_unchanged_answer_is_a_confirm(client, project, ana):
    propose(make_sample(project))
    assert client.post(URL, fields(page(client))).status_code == 302
    review = Review.objects.get()
    assert review.action == "confirm"
    assert review.seconds is not None


def test_a_changed_answer_is_a_correction_of_the_proposal_on_the_page(client, project, ana):
    sample = make_sample(project)
    prediction = propose(sample)
    html = page(client)
    propose(sample, '{"labels": ["praise"]}')
    client.post(URL, fields(html, labels=["praise", "delivery"]))
    review = Review.objects.get()
    assert (review.action, review.prediction) == ("correct", prediction)
    assert review.answer == {"labels": ["delivery", "praise"]}


def test_htmx_gets_the_next_sample_alone_and_a_saved_line(client, project, ana):
    propose(make_sample(project, "First text"))
    propose(make_sample(project, "Second text"))
    answer = client.post(URL, fields(page(client)), headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "Second text" in html
    assert "<html" not in html
    assert re.search(r"Saved \d\d:\d\d:\d\d: confirmed, billing", html)
    assert "Done today <strong>1</strong>" in html


def test_an_answer_with_too_many_labels_comes_back_with_the_toggles_as_they_were(client, ana):
    project = make_project("strict", max_labels=1)
    services.set_role(SYSTEM, project, "ana", "expert")
    make_sample(project)
    url = "/projects/strict/review/"
    form = fields(client.get(url).content.decode(), labels=["billing", "praise"], comment="both?")
    answer = client.post(url, form)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="billing" checked' in html
    assert 'value="praise" checked' in html
    assert "both?" in html
    assert not Review.objects.exists()


def test_nothing_chosen_is_asked_once_more_where_no_model_proposed_it(client, project, ana):
    make_sample(project)
    answer = client.post(URL, fields(page(client)))
    assert answer.status_code == 400
    client.post(URL, fields(answer.content.decode()))
    assert GoldenSample.objects.get().answer == {"labels": []}


def test_a_double_submit_is_refused_and_shows_the_answer_that_was_not_saved(client, project, ana):
    propose(make_sample(project))
    form = fields(page(client))
    client.post(URL, form)
    answer = client.post(URL, {**form, "labels": ["praise"]})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "You have decided this sample already" in html
    assert "not saved: <strong>praise</strong>" in html
    assert f"/projects/shop/samples/{Sample.objects.get().uid}/" in html
    assert GoldenSample.objects.get().answer == {"labels": ["billing"]}


def test_the_same_answer_sent_twice_is_saved_once_and_no_conflict(client, project, ana):
    propose(make_sample(project))
    form = fields(page(client), labels=["praise"])
    client.post(URL, form)
    again = client.post(URL, form, headers={"HX-Request": "true"})
    assert again.status_code == 200
    assert "corrected, praise" in again.content.decode()
    assert Review.objects.count() == GoldenSample.objects.count() == 1


def test_a_lease_taken_over_loses_nothing(client, project, ana):
    make_sample(project, "Contested text")
    form = fields(page(client), labels=["delivery"])
    Sample.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    services.next_sample(acting(make_expert(project, "ben")), project)
    html = client.post(URL, form, headers={"HX-Request": "true"}).content.decode()
    assert "ben has it now" in html
    assert "not saved: <strong>delivery</strong>" in html


def test_a_lease_that_ran_out_unseen_still_counts(client, project, ana):
    make_sample(project)
    form = fields(page(client), labels=["delivery"])
    Sample.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    client.post(URL, form)
    assert Review.objects.get().action == "correct"


def test_the_same_sample_in_a_second_tab_asks_to_look_again_with_the_answer_kept(client, project, ana):
    sample = make_sample(project)
    form = fields(page(client), labels=["delivery"])
    services.take(acting(ana), sample)
    answer = client.post(URL, form)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="delivery" checked' in html
    assert client.post(URL, fields(html)).status_code == 302
    assert GoldenSample.objects.get().answer == {"labels": ["delivery"]}


@pytest.mark.parametrize(("action", "state"), [("skip", "pending"), ("reject", "rejected")])
def test_skip_and_reject(client, project, ana, action, state):
    make_sample(project)
    client.post(URL, fields(page(client), action=action))
    assert (Review.objects.get().action, Sample.objects.get().state) == (action, state)


def test_undo_shows_the_sample_again_with_the_answer_that_was_given(client, project, ana):
    propose(make_sample(project, "First text"))
    make_sample(project, "Second text")
    client.post(URL, fields(page(client), labels=["praise"]))
    html = client.post(URL, {"action": "undo"}, headers={"HX-Request": "true"}).content.decode()
    assert "First text" in html
    assert 'value="praise" checked' in html
    assert "undone" in html


def test_undo_without_a_decision_says_so(client, project, ana):
    html = client.post(URL, {"action": "undo"}, headers={"HX-Request": "true"}).content.decode()
    assert "nothing to undo" in html


def test_the_empty_queue_says_what_to_do(client, project, ana):
    assert "No samples yet" in page(client)
    make_sample(project, state="golden")
    assert "All reviewed" in page(client)


def test_what_is_left_with_colleagues_is_said(client, project, ana):
    make_sample(project)
    services.next_sample(acting(make_expert(project, "ben")), project)
    assert "with your colleagues" in page(client)


def test_a_single_label_must_be_chosen(client, ana):
    project = make_project("one", kind="single_label")
    services.set_role(SYSTEM, project, "ana", "expert")
    make_sample(project)
    url = "/projects/one/review/"
    refused = client.post(url, fields(client.get(url).content.decode(), labels="")).content.decode()
    assert "Choose one label first" in refused
    client.post(url, fields(refused, labels="praise"))
    assert GoldenSample.objects.get().answer == {"label": "praise"}


def test_a_text_is_edited_in_place(client, ana):
    project = make_project("mail", kind="text", labels=())
    services.set_role(SYSTEM, project, "ana", "expert")
    propose(make_sample(project), "Dear customer")
    url = "/projects/mail/review/"
    html = client.get(url).content.decode()
    assert ">Dear customer</textarea>" in html
    client.post(url, fields(html, text="Dear Ana"))
    assert GoldenSample.objects.get().answer == {"text": "Dear Ana"}


def test_a_proposal_for_labels_that_are_gone_is_not_offered(client, project, ana):
    propose(make_sample(project))
    services.update_project(SYSTEM, project, labels=["delivery", "praise"])
    html = page(client)
    assert "outdated" in html
    assert "billing" not in re.findall(r'name="labels" value="(\w+)"', html)


def test_operator_cannot_review(client, project):
    client.force_login(make_operator(project))
    assert client.get(URL).status_code == 403


def test_expert_of_another_project_does_not_find_it(client, project):
    client.force_login(make_expert(make_project()))
    assert client.get(URL).status_code == 404
    assert client.post(URL, {"action": "undo"}).status_code == 404


def test_a_sample_of_another_project_cannot_be_decided(client, project, ana):
    foreign = make_sample(make_project())
    answer = client.post(URL, {"sample": str(foreign.uid), "action": "save", "labels": ["billing"]})
    assert answer.status_code == 409
    assert not Review.objects.exists()
