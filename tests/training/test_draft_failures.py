"""A draft that cannot do its work says so, leaves the texts to what is live, and is tried again; and what it costs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from common.encoder.record import FULL
from labeling.models import Event, GoldenSample, Prediction
from labeling.services import decide_known, update_project
from labeling.services.fitting import count_fitting_up_to
from labeling.services.labels import remove_label, replace_labels
from tests.encoders import make_encoder
from tests.factories import SYSTEM, make_operator, make_sample
from tests.heads import make_answers
from tests.training.heads.folders import VOCABULARY
from tests.training.test_api import API, client_of
from tests.training.test_drafts import learning, switch_on, waiting  # noqa: F401  (a fixture)
from tests.training.test_pages import body
from training.draft_facts import draft_facts
from training.models import Draft, RetrainPolicy
from training.services import draft_proposals, drafts
from training.services.draft_proposals import for_live, propose, propose_due, proposing
from training.services.draft_vectors import Lately, draft_vectors
from training.services.drafts import RESTS, check_all_drafts, check_draft, fit_draft, is_due
from training.services.snapshots import golden_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch):
    monkeypatch.setattr("training.services.draft_vectors._LATELY", Lately(100))


def later() -> None:
    RetrainPolicy.objects.update(draft_failed_at=timezone.now() - RESTS - timedelta(seconds=1))


def test_what_cannot_propose_leaves_all_texts_to_what_is_live(learning, settings, client, sent):  # noqa: F811
    fit_draft(learning)
    switch_on(learning)
    samples = waiting(learning)
    assert len(for_live(learning, samples)) < len(samples)
    (settings.ENCODER_DIR / FULL).write_bytes(b"no graph")
    assert propose(learning) == 0
    problem = RetrainPolicy.objects.get().draft_problem
    assert "is damaged" in problem
    assert Event.objects.filter(verb="draft.failed").count() == 1
    assert proposing(learning) is None
    assert for_live(learning, samples) == samples
    user = make_operator(learning, "olga")
    client.force_login(user)
    assert "The draft could not do its work: " in body(client, reverse("training:runs", args=["shop"]))
    assert client_of(user, learning, "read").get(f"{API}/draft").json()["problem"] == problem
    sent.clear()
    propose_due()
    assert sent == [], "it rests"
    make_encoder(settings.ENCODER_DIR, VOCABULARY, name="tests/words")
    assert propose(learning) == 0
    later()
    propose_due()
    assert sent == [("training.propose_draft", learning.pk)]
    assert propose(learning) == len(samples)
    assert (RetrainPolicy.objects.get().draft_problem, proposing(learning).number) == ("", 1)


def test_a_fit_that_failed_is_not_tried_again_at_once(learning, settings, sent):  # noqa: F811
    (settings.ENCODER_DIR / FULL).write_bytes(b"no graph")
    assert fit_draft(learning) is None
    assert "is damaged" in RetrainPolicy.objects.get().draft_problem
    sent.clear()
    check_draft(learning)
    check_all_drafts()
    assert (sent, is_due(learning)) == ([], False)
    make_encoder(settings.ENCODER_DIR, VOCABULARY, name="tests/words")
    later()
    check_all_drafts()
    assert sent == [("training.fit_draft", learning.pk)]
    assert fit_draft(learning).number == 1
    assert RetrainPolicy.objects.get().draft_problem == ""


def test_a_fit_that_meets_another_task_leaves_the_draft_as_it_was(learning, client, sent, monkeypatch):  # noqa: F811
    before = fit_draft(learning)
    make_answers(learning, 10, seed=2)

    def meanwhile(project):
        """A label comes, and an answer with it, after the fit has read the task."""
        replace_labels(SYSTEM, project, [*project.labels.values_list("name", flat=True), "angry"])
        decide_known(SYSTEM, make_sample(project, "I am angry", split="train"), {"labels": ["angry"]})
        return golden_rows(project)

    with monkeypatch.context() as patch:
        patch.setattr(drafts, "golden_rows", meanwhile)
        assert fit_draft(learning) is None
    draft = Draft.objects.get()
    assert (draft.number, draft.fitted_at, bytes(draft.weights)) == (1, before.fitted_at, bytes(before.weights))
    problem = RetrainPolicy.objects.get().draft_problem
    assert "the labels angry, which the task does not know" in problem
    assert Event.objects.filter(verb="draft.failed").count() == 1
    client.force_login(make_operator(learning, "olga"))
    page = body(client, reverse("training:runs", args=["shop"]))
    assert "The draft could not do its work: " in page
    assert "the labels angry" in page
    sent.clear()
    check_draft(learning)
    assert sent == [], "it rests"
    later()
    make_answers(learning, 1, seed=3)
    check_draft(learning)
    assert ("training.fit_draft", learning.pk) in sent
    assert fit_draft(learning).number == 2
    assert RetrainPolicy.objects.get().draft_problem == ""


@pytest.mark.parametrize("known", [False, True], ids=["the first one", "one after another"])
def test_a_fit_that_is_switched_off_meanwhile_is_dropped(learning, sent, monkeypatch, known):  # noqa: F811
    if known:
        fit_draft(learning)
        make_answers(learning, 10, seed=2)
    before = list(Draft.objects.values())
    fitted = drafts._fitted

    def switched_off(*given):
        found = fitted(*given)
        RetrainPolicy.objects.update(draft_every=0)
        return found

    sent.clear()
    monkeypatch.setattr(drafts, "_fitted", switched_off)
    assert fit_draft(learning) is None
    assert list(Draft.objects.values()) == before
    assert not any(task == "training.propose_draft" for task, *_ in sent)
    assert Event.objects.filter(verb="draft.fitted").count() == len(before)


@pytest.mark.parametrize("off", [{"draft_every": 0}, {"draft_proposes": False}], ids=["the draft", "its proposals"])
def test_proposals_that_are_switched_off_meanwhile_are_dropped(learning, monkeypatch, off):  # noqa: F811
    fit_draft(learning)
    switch_on(learning)
    waiting(learning, 3)
    answers = draft_proposals._answers

    def switched_off(draft, samples):
        found = answers(draft, samples)
        RetrainPolicy.objects.update(**off)
        return found

    monkeypatch.setattr(draft_proposals, "_answers", switched_off)
    assert propose(learning) == 0
    assert not Prediction.objects.filter(model_tag="shop:draft").exists()


def test_answers_of_a_fit_that_was_replaced_meanwhile_are_dropped(learning, monkeypatch):  # noqa: F811
    fit_draft(learning)
    switch_on(learning)
    waiting(learning, 3)
    answers = draft_proposals._answers

    def slow(draft, samples):
        found = answers(draft, samples)
        make_answers(learning, 10, seed=8)
        assert fit_draft(learning).number == 2
        return found

    monkeypatch.setattr(draft_proposals, "_answers", slow)
    assert propose(learning) == 0
    assert not Prediction.objects.filter(model_tag="shop:draft").exists()
    monkeypatch.setattr(draft_proposals, "_answers", answers)
    assert propose(learning) == 3


def test_texts_behind_a_prompt_template_are_encoded_once(learning):  # noqa: F811
    update_project(SYSTEM, learning, prompt_template="Sort this letter: {text}")
    learning.refresh_from_db()
    texts = [f"Sort this letter: refund {number}" for number in range(4)]
    first, again = draft_vectors(), draft_vectors()
    made = first(texts)
    assert first.computed == 4
    assert again(texts) == pytest.approx(made, abs=1e-3)
    assert again.computed == 0
    few = Lately(most=2)
    few.keep(dict(zip("abc", made, strict=False)), "key")
    assert (set(few.of(["a", "b", "c"], "key")), few.of(["b"], "other")) == ({"b", "c"}, {})


def test_the_more_it_knows_the_more_are_waited_for(learning):  # noqa: F811
    fit_draft(learning)
    make_answers(learning, 10, seed=2)
    assert is_due(learning)
    Draft.objects.update(golden=1000)
    assert not is_due(learning)
    facts = draft_facts(learning, RetrainPolicy.objects.get())
    assert (facts.step, facts.fresh) == (20, 10)
    make_answers(learning, 10, seed=3)
    assert is_due(learning)


def test_no_more_are_counted_than_are_asked_for(learning):  # noqa: F811
    rows, asked = GoldenSample.objects.filter(sample__project=learning), learning.spec.to_spec()
    assert count_fitting_up_to(5, rows, asked) == 5
    assert count_fitting_up_to(100, rows, asked) == 30
    remove_label(SYSTEM, learning.labels.first(), leave_out=True)
    learning.refresh_from_db()
    asked = learning.spec.to_spec()
    fitting = count_fitting_up_to(100, rows, asked)
    assert 0 < fitting < 30
    assert count_fitting_up_to(fitting, rows, asked) == fitting, "those that do not fit do not stop the count"
