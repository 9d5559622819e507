"""A version trained before labels were renamed or merged is judged by what it means, not by how it spells it."""

import pytest

from evaluation.models import Benchmark, CaseResult
from evaluation.services import advance
from evaluation.services.suites import freeze_suite
from labeling import services as labeling
from tests.evaluation.worlds import make_live, make_standing, make_world, right, right_every
from tests.factories import SYSTEM

pytestmark = pytest.mark.django_db


def test_renaming_makes_no_new_suite_and_merging_does():
    project = make_world(cases=6)
    suite = freeze_suite(project)
    labeling.change_label(SYSTEM, project.labels.get(name="billing"), name="invoices")
    labeling.replace_labels(SYSTEM, project, ["praise", "Delivery", "invoices"])
    assert freeze_suite(project) == suite
    labeling.merge_label(SYSTEM, project.labels.get(name="praise"), project.labels.get(name="invoices"))
    assert freeze_suite(project) != suite


def test_a_case_that_no_longer_fits_is_counted_on_the_suite():
    project = make_world(cases=6)
    labeling.remove_label(SYSTEM, project.labels.get(name="praise"), leave_out=True)
    suite = freeze_suite(project)
    assert (suite.size, suite.left_out) == (4, {"the label 'praise' was removed": 2})


def test_an_old_version_is_right_in_its_own_words(models):
    project = make_world(cases=60)
    live = make_standing(project, 1)
    make_live(live)
    labeling.change_label(SYSTEM, project.labels.get(name="billing"), name="invoices")
    labeling.replace_labels(SYSTEM, project, ["praise", "delivery", "Invoices"])
    candidate = make_standing(project, 2)
    models.answer(1, right)
    models.answer(2, lambda text: right_every(2)(text).replace("billing", "Invoices"))
    report = advance(candidate.pk)
    old = Benchmark.objects.get(version=live.version, decoding="served")
    assert old.metrics["f1_micro"] == 1
    assert set(old.metrics["labels"]) == {"Invoices", "delivery", "praise"}
    assert report.verdict == "refused"
    assert CaseResult.objects.filter(benchmark=old, exact=False).count() == 0


def test_a_label_that_is_gone_counts_as_wrong_when_a_version_says_it(models):
    project = make_world(cases=60)
    live = make_standing(project, 1)
    make_live(live)
    labeling.remove_label(SYSTEM, project.labels.get(name="praise"), leave_out=True)
    models.answer(1, lambda text: '{"labels": ["praise"]}')
    models.answer(2, right)
    advance(make_standing(project, 2).pk)
    old = Benchmark.objects.get(version=live.version, decoding="served")
    assert old.metrics["f1_micro"] == 0
