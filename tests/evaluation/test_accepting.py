"""Proposals accepted by a certificate: which, what is recorded, the blind part that audits them, and the way back."""

import random

import pytest
from django.urls import reverse

from common.actor import system
from deployment.models import Finding
from evaluation.acceptance_facts import acceptance_facts
from evaluation.auditing import WAITING
from evaluation.models import Acceptance, AcceptPolicy, Certificate
from evaluation.services import accepting as services
from evaluation.services import reopening
from evaluation.services.accepting import accept, accept_due, due, settle_audits
from evaluation.services.calibrating import calibrate
from evaluation.services.certificates import reopen_all
from evaluation.services.reopening import reopen_due
from evaluation.tasks import accept as accept_task
from evaluation.tasks import reopen as reopen_task
from evaluation.tasks import sweep
from labeling.models import Event, GoldenSample, Review, Sample
from labeling.services import (
    decide,
    give_feedback,
    reject,
    remove_label,
    reopen,
    replace_labels,
    restore_sample,
    skip,
    take,
    withdraw_sample,
)
from tests.evaluation.confident import answer_cases, even, make_certified, proposed
from tests.factories import SYSTEM, TAGS, acting, make_admin, make_expert, make_sample
from tests.labeling.proposing import propose
from training.models import ModelVersion

pytestmark = pytest.mark.django_db
# Nothing is drawn for the audit, or all is: chance is not what these tests are about.
NONE, ALL = -1.0, 1.0


def accepting(audit_share: float = NONE):
    """The project and its policy, with a share that no policy may have."""
    project = make_certified()
    policy = AcceptPolicy.objects.get()
    policy.audit_share = audit_share
    return project, policy


def state_of(prediction) -> str:
    return Sample.objects.get(pk=prediction.sample_id).state


def test_what_is_surer_than_the_threshold_becomes_golden_in_a_way_of_its_own():
    project, policy = accepting()
    sure, unsure = proposed(project, 0.9), proposed(project, 0.1)
    assert accept(policy) == 1
    assert (state_of(sure), state_of(unsure)) == ("golden", "pending")
    golden = GoldenSample.objects.get()
    assert (golden.given, golden.source, golden.review, golden.answer) == ("certified", "certified", None, sure.answer)
    assert not GoldenSample.objects.judging().exists()
    row = Acceptance.objects.get()
    assert (row.golden, row.prediction, row.is_audit) == (golden, sure, False)
    assert Event.objects.get(verb="samples.accepted").after == {"count": 1}
    assert accept(policy) == 0
    assert acceptance_facts(project).accepted == 1


def test_some_texts_are_left_to_people():
    project, policy = accepting()
    ana = acting(make_expert(project, "ana"))
    left = {
        "a test text": proposed(project, 0.9, {"split": "test"}),
        "a validation text": proposed(project, 0.9, {"split": "validation"}),
        "a typed text": proposed(project, 0.9, {"way_in": "analyze"}),
        "a text that was skipped": proposed(project, 0.9),
        "a text that somebody complained of": proposed(project, 0.9),
        "a text that an expert has now": proposed(project, 0.9),
        "an answer without a confidence": proposed(project, 0.9),
        "an answer that cannot be read": proposed(project, 0.9),
        "an answer of another model": proposed(project, 0.9),
        "an answer out of a file": proposed(project, 0.9, source="outside"),
        "a text that somebody analyzed": proposed(project, 0.9),
    }
    propose(left["a text that somebody analyzed"].sample, source="analyze", confidence=0.9)
    skip(ana, left["a text that was skipped"].sample)
    give_feedback(SYSTEM, left["a text that somebody complained of"], thumb=-1)
    take(ana, left["a text that an expert has now"].sample)
    propose(left["an answer without a confidence"].sample)
    propose(left["an answer that cannot be read"].sample, raw="no", confidence=0.9)
    rows = type(left["an answer of another model"]).objects.filter(pk=left["an answer of another model"].pk)
    rows.update(model_tag="shop:v2")
    assert accept(policy) == 0
    assert {name: state_of(row) for name, row in left.items()} == dict.fromkeys(left, "pending")


def test_a_file_does_not_speak_for_the_live_version():
    project, policy = accepting()
    sure, unsure = proposed(project, 0.9), proposed(project, 0.1)
    for row in (sure, unsure):
        propose(row.sample, '{"labels": ["praise"]}', source="outside", confidence=0.99)
    assert accept(policy) == 1
    assert Acceptance.objects.get().prediction == sure


def test_the_audit_is_answered_blind_and_first():
    project, policy = accepting(ALL)
    for _ in range(3):
        proposed(project, 0.1)
    prediction = proposed(project, 0.9)
    assert accept(policy) == 0
    sample = Sample.objects.pending().first()
    assert (sample.pk, sample.is_audit, sample.is_blind) == (prediction.sample_id, True, True)
    assert Acceptance.objects.get().is_audit
    assert Event.objects.get(verb="samples.audited").after == {"count": 1}
    decide(acting(make_expert(project)), sample, ["delivery"])
    assert GoldenSample.objects.get().given == "blind"
    settle_audits(project.pk)
    row = Acceptance.objects.get()
    assert (row.right, row.answered_at) == (False, GoldenSample.objects.get().created_at)
    assert Event.objects.get(verb="audit.answered").after == {"right": 0, "wrong": 1, "left_out": 0}


def test_the_admin_shows_an_audit_once_it_is_answered(client):
    project, policy = accepting(ALL)
    prediction = proposed(project, 0.9)
    accept(policy)
    client.force_login(make_admin())
    url = reverse("admin:evaluation_acceptance_change", args=[Acceptance.objects.get().pk])
    assert client.get(url).status_code == 302
    decide(acting(make_expert(project)), Sample.objects.get(pk=prediction.sample_id), ["billing"])
    assert client.get(url).status_code == 200
    listed = reverse("admin:evaluation_acceptance_changelist")
    assert url in client.get(listed, {"q": str(prediction.sample.uid)}).content.decode()
    assert url not in client.get(listed, {"q": str(prediction.uid)}).content.decode()


def test_no_more_is_accepted_than_experts_look_after():
    project, policy = accepting(ALL)
    for _ in range(WAITING):
        proposed(project, 0.9)
    accept(policy)
    policy.audit_share = NONE
    sure = proposed(project, 0.9)
    assert accept(policy) == 0
    assert f"{WAITING} audits wait" in acceptance_facts(project).sentence
    decide(acting(make_expert(project)), Sample.objects.filter(is_audit=True).first(), ["billing"])
    settle_audits(project.pk)
    assert accept(policy) == 1
    assert state_of(sure) == "golden"


def test_the_draw_ends_where_experts_have_enough():
    project, policy = accepting(ALL)
    for _ in range(WAITING + 3):
        proposed(project, 0.9)
    accept(policy)
    assert (Acceptance.objects.count(), Sample.objects.filter(is_audit=True).count()) == (WAITING, WAITING)


def test_many_are_accepted_page_by_page(monkeypatch):
    monkeypatch.setattr(services, "_AT_ONCE", 2)
    project, policy = accepting()
    for _ in range(5):
        proposed(project, 0.9)
    assert accept(policy) == 5
    assert sorted(event.after["count"] for event in Event.objects.filter(verb="samples.accepted")) == [1, 2, 2]


def test_a_proposal_that_no_longer_fits_is_in_neither_part():
    project, policy = accepting(ALL)
    gone, kept = proposed(project, 0.9, raw='{"labels": ["praise"]}'), proposed(project, 0.9)
    remove_label(SYSTEM, project.labels.get(name="praise"))
    version = ModelVersion.objects.get()
    answer_cases(version, even(200), [True] * 200)
    calibrate(version)
    accept(policy)
    assert Acceptance.objects.get().prediction == kept
    assert not Sample.objects.get(pk=gone.sample_id).is_audit


def test_an_audit_that_is_answered_under_another_task_is_left_out():
    project, policy = accepting(ALL)
    audit = proposed(project, 0.9)
    accept(policy)
    replace_labels(SYSTEM, project, [*TAGS, "refund"])
    decide(acting(make_expert(project)), Sample.objects.get(pk=audit.sample_id), ["refund"])
    settle_audits(project.pk)
    assert (Acceptance.objects.get().right, Acceptance.objects.get().answered_at is None) == (None, False)
    assert Certificate.objects.in_force().count() == 1


def answered(project, answers) -> None:
    """Audits whose experts give these answers, in this order; the version says billing."""
    ana, policy = acting(make_expert(project)), AcceptPolicy.objects.get()
    policy.audit_share = ALL
    for answer in answers:
        proposed(project, 0.9)
        accept(policy)
        decide(ana, Sample.objects.pending().get(), answer)
        settle_audits(project.pk)


def test_a_promise_that_holds_stays():
    project, _ = accepting()
    answered(project, [["billing"]] * 12)
    assert Certificate.objects.in_force().count() == 1
    facts = acceptance_facts(project)
    assert (facts.audit.right, facts.audit.wrong, facts.audit.waiting) == (12, 0, 0)


def test_a_promise_that_is_broken_is_withdrawn_and_what_was_accepted_goes_back():
    project, policy = accepting()
    sure = proposed(project, 0.9)
    assert accept(policy) == 1
    answered(project, [["billing"], ["delivery"], ["delivery"], ["delivery"]])
    row = Certificate.objects.get()
    assert (row.ending, Certificate.objects.in_force().count()) == ("audit", 0)
    late = proposed(project, 0.9)
    assert accept(policy) == 0
    assert (state_of(sure), state_of(late)) == ("golden", "pending")
    assert reopen_all(SYSTEM, project) == 1
    assert reopen_due(project.pk) == 1
    assert state_of(sure) == "pending"
    assert GoldenSample.objects.filter(given="certified", retired_at=None).count() == 0
    assert GoldenSample.objects.filter(given="blind", retired_at=None).count() == 4
    assert Event.objects.get(verb="samples.reopened").after == {"count": 1}
    assert Finding.objects.get().state == "restored"


def test_what_was_taken_back_by_hand_is_never_accepted_again():
    project, policy = accepting()
    sure = proposed(project, 0.9)
    accept(policy)
    reopen(acting(make_expert(project)), Sample.objects.get(pk=sure.sample_id))
    Sample.objects.update(lease_user=None, lease_until=None)
    propose(Sample.objects.get(pk=sure.sample_id), confidence=0.95)
    assert accept(policy) == 0
    assert reopen_all(SYSTEM, project) == 0
    assert Certificate.objects.get().ending == "person"
    assert acceptance_facts(project).certificate is None


def test_what_goes_back_ends_at_once_and_is_sent_page_by_page_by_a_worker(sent, monkeypatch):
    monkeypatch.setattr(reopening, "_AT_ONCE", 2)
    project, policy = accepting()
    rows = [proposed(project, 0.9) for _ in range(5)]
    accept(policy)
    assert reopen_all(SYSTEM, project) == 5
    assert Certificate.objects.in_force().count() == 0
    assert (sent.count(("evaluation.reopen", project.pk)), state_of(rows[0])) == (1, "golden")
    assert acceptance_facts(project).reopening == 5
    sweep()
    assert sent.count(("evaluation.reopen", project.pk)) == 2, "a message that was lost"
    reopen_task(project.pk)
    assert {state_of(row) for row in rows} == {"pending"}
    assert sorted(event.after["count"] for event in Event.objects.filter(verb="samples.reopened")) == [1, 2, 2]
    assert Event.objects.filter(verb="certificate.reopened").count() == 1
    assert (acceptance_facts(project).reopening, reopening.due(), accept(policy)) == (0, [], 0)


def test_a_text_that_was_withdrawn_meanwhile_does_not_keep_its_accepted_answer():
    project, policy = accepting()
    sure = proposed(project, 0.9)
    accept(policy)
    withdraw_sample(SYSTEM, sure.sample, "a private letter")
    assert reopen_all(SYSTEM, project) == 1
    reopen_due(project.pk)
    assert state_of(sure) == "withdrawn"
    restore_sample(SYSTEM, Sample.objects.get(pk=sure.sample_id))
    assert state_of(sure) == "pending"
    assert not GoldenSample.objects.current().exists()
    assert Event.objects.get(verb="sample.restored").after["state"] == "pending"


def test_an_audit_that_is_not_blind_or_has_no_answer_is_left_out():
    project, policy = accepting(ALL)
    ana = acting(make_expert(project))
    rejected, typed, told = (proposed(project, 0.9) for _ in range(3))
    accept(policy)
    reject(ana, Sample.objects.get(pk=rejected.sample_id))
    propose(Sample.objects.get(pk=typed.sample_id), source="analyze")
    decide(ana, Sample.objects.get(pk=typed.sample_id), ["praise"])
    said = give_feedback(ana, told, answer=["praise"])
    assert said.effect == "audit"
    assert state_of(told) == "pending"
    settle_audits(project.pk)
    facts = acceptance_facts(project)
    assert (facts.audit.right, facts.audit.wrong, facts.audit.left_out, facts.audit.waiting) == (0, 0, 2, 1)


def test_a_round_accepts_what_is_there_although_the_server_is_away(sent):
    project, _ = accepting()
    sure, waiting = proposed(project, 0.9), make_sample(project)
    assert due() == [project.pk]
    sweep()
    assert ("evaluation.accept", project.pk) in sent
    random.seed(1)  # so that it is not drawn for the audit
    assert accept_due(project.pk) == 1
    assert Acceptance.objects.get().prediction == sure
    assert not waiting.predictions.exists()
    AcceptPolicy.objects.update(enabled=False)
    accept_task(project.pk)
    assert Acceptance.objects.count() == 1


def test_audits_are_looked_at_although_acceptance_is_off_by_now():
    project, policy = accepting(ALL)
    proposed(project, 0.9)
    accept(policy)
    AcceptPolicy.objects.update(enabled=False)
    decide(acting(make_expert(project)), Sample.objects.pending().get(), ["billing"])
    assert due() == [project.pk]
    accept_due(project.pk)
    assert Acceptance.objects.get().right is True
    assert due() == []
    assert Review.objects.count() == 1


def test_nobody_but_the_system_and_managers_accepts():
    from django.core.exceptions import PermissionDenied

    from labeling.services import accept_proposals, audit_proposals, reopen_accepted

    project, _ = accepting()
    proposal = proposed(project, 0.9)
    for verb in (accept_proposals, audit_proposals):
        with pytest.raises(PermissionDenied):
            verb(acting(make_expert(project)), project, [proposal])
    with pytest.raises(PermissionDenied):
        reopen_accepted(acting(make_expert(project)), project, [1])
    with pytest.raises(PermissionDenied):
        reopen_all(acting(make_expert(project)), project)
    assert len(accept_proposals(system("test"), project, [proposal])) == 1
