"""Looks at what is live: when there is one, what it costs, what it is for, and what ends it."""

import logging

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError

from common.problems import ConflictError
from evaluation.acceptance_facts import acceptance_facts
from evaluation.models import AcceptPolicy, Calibration, Certificate
from evaluation.services.calibrating import calibrate
from evaluation.services.certificates import end_by_audit, keep_accepted, look_if_due, reopen_all
from labeling.models import Event, TaskSpec
from tests.evaluation.confident import answer_cases, even, make_certified, make_shop
from tests.evaluation.worlds import make_live, make_standing
from tests.factories import SYSTEM

pytestmark = pytest.mark.django_db


def another_spec(project) -> None:
    spec = project.spec
    fields = {name: getattr(spec, name) for name in ("kind", "instruction", "labels", "max_labels", "decoding")}
    TaskSpec.objects.create(project=project, number=spec.number + 1, **fields)


def test_a_look_certifies_once_and_is_never_changed():
    project = make_certified()
    row = look_if_due(project)
    assert row is not None
    assert (row.version.number, row.wrong, row.cases, row.asked, row.accepted_wrong) == (1, 0.05, 200, 200, 0)
    assert row.level == pytest.approx(0.0375)
    assert row.threshold == pytest.approx(0.3, abs=0.06)
    assert row.share == pytest.approx(0.7, abs=0.06)
    assert look_if_due(project) == row
    assert Event.objects.filter(verb="certificate.looked").count() == 1
    assert "0 of the" in acceptance_facts(project).sentence
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Certificate.objects.update(threshold=0.0)


def test_off_and_without_a_live_version_nothing_is_looked_at():
    project = make_certified()
    AcceptPolicy.objects.update(enabled=False)
    assert look_if_due(project) is None
    assert acceptance_facts(project).sentence.startswith("Off:")
    bare = make_shop_without_live()
    assert look_if_due(bare) is None
    assert "Nothing is live" in acceptance_facts(bare).sentence
    assert not Certificate.objects.exists()


def make_shop_without_live():
    from tests.factories import make_project

    project = make_project("bare")
    AcceptPolicy.objects.create(project=project, enabled=True)
    return project


def test_too_few_cases_are_said_with_what_they_take():
    project, version = make_shop()
    AcceptPolicy.objects.create(project=project, enabled=True)
    answer_cases(version, even(65), [True] * 65)
    calibrate(version)
    assert look_if_due(project) is None
    assert "Too few cases: 66 needed, 65 there." in acceptance_facts(project).sentence
    assert not Certificate.objects.exists()


def test_a_look_that_fails_costs_its_level_and_the_next_wants_half_more():
    project, version = make_shop()
    AcceptPolicy.objects.create(project=project, enabled=True)
    answer_cases(version, even(100), [place % 3 > 0 for place in range(100)])
    calibrate(version)
    assert look_if_due(project) is None
    first = Certificate.objects.get()
    assert (first.threshold, first.accepted) == (None, 65)
    assert "more than the 5 % that are promised" in acceptance_facts(project).sentence
    answer_cases(version, even(149), [True] * 149)
    calibrate(version)
    assert look_if_due(project) is None
    assert "150 needed, 149 there" in acceptance_facts(project).sentence
    answer_cases(version, even(150), [True] * 150)
    calibrate(version)
    again = look_if_due(project)
    assert again is not None
    assert again.level == pytest.approx(0.0375 / 4)


def test_confidences_that_are_all_alike_certify_nothing_and_that_is_said():
    project, version = make_shop()
    AcceptPolicy.objects.create(project=project, enabled=True)
    answer_cases(version, [1.0] * 200, [True] * 200)
    calibrate(version)
    assert look_if_due(project) is None
    assert "Too many of the 200 held-out answers have the same confidence" in acceptance_facts(project).sentence


def test_another_promise_task_or_version_is_another_certificate():
    project = make_certified(cases=600)
    first = look_if_due(project)
    AcceptPolicy.objects.update(wrong=0.1)
    looser = look_if_due(project)
    assert looser not in (None, first)
    assert looser.level == pytest.approx(first.level / 4), "it is a look at the same version"
    AcceptPolicy.objects.update(wrong=0.05)
    assert look_if_due(project) == first
    another_spec(project)
    assert look_if_due(project) is None, "answers under the task before say nothing of this one"
    assert "The task has changed since shop:v1 answered the test cases" in acceptance_facts(project).sentence
    answer_cases(first.version, even(600), [True] * 600)
    calibrate(first.version)
    assert look_if_due(project).spec.number == 2
    make_live(make_standing(project, 2))
    assert look_if_due(project) is None, "nothing is known of the new version"
    make_live(first.version.staged.get())
    assert look_if_due(project).spec.number == 2


def test_a_broken_promise_is_withdrawn_told_and_not_renewed(caplog):
    project = make_certified()
    row = look_if_due(project)
    with caplog.at_level(logging.WARNING):
        end_by_audit(row)
    assert "more than 5 % of what shop:v1 accepts is wrong" in caplog.text
    assert look_if_due(project) is None
    assert "Another version may earn a new one" in acceptance_facts(project).sentence
    assert Event.objects.get(verb="certificate.ended").after == {"ending": "audit"}
    assert Calibration.objects.exists()


def test_with_a_broken_promise_all_certificates_of_its_version_end():
    project = make_certified(cases=600)
    stricter = look_if_due(project)
    AcceptPolicy.objects.update(wrong=0.1)
    end_by_audit(look_if_due(project))
    AcceptPolicy.objects.update(wrong=0.05)
    assert look_if_due(project) is None
    stricter.refresh_from_db()
    assert stricter.ending == "audit"
    assert keep_accepted(SYSTEM, project) == 2


def test_what_becomes_of_the_answers_is_decided_once():
    project = make_certified()
    with pytest.raises(ConflictError, match="no certificate by which"):
        reopen_all(SYSTEM, project)
    row = look_if_due(project)
    with pytest.raises(ConflictError, match="no broken certificate"):
        keep_accepted(SYSTEM, project)
    end_by_audit(row)
    assert keep_accepted(SYSTEM, project) == 1
    with pytest.raises(ConflictError):
        keep_accepted(SYSTEM, project)
    with pytest.raises(ConflictError):
        reopen_all(SYSTEM, project)
