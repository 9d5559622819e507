"""The same golden samples of the test split give the same suite."""

import pytest

from evaluation.services import freeze_suite
from labeling import services as labeling
from labeling.models import Label, Sample, Split, TaskSpec
from tests.evaluation.worlds import make_golden, make_world, text_of
from tests.factories import SYSTEM, make_project

pytestmark = pytest.mark.django_db


def test_freezing_twice_gives_one_row():
    project = make_world(cases=5)
    suite = freeze_suite(project)
    assert freeze_suite(project) == suite
    assert suite.size == suite.cases.count() == 5
    assert list(suite.cases.values_list("position", flat=True)) == list(range(5))
    assert suite.cases.order_by("position").first().sample.split == Split.TEST


def test_the_digest_depends_on_cases_alone():
    project = make_world("one", cases=5)
    suite = freeze_suite(project)
    project.samples.all().delete()
    for number in reversed(range(5)):
        make_golden(project, text_of(number))
    assert freeze_suite(project) == suite


def test_only_the_test_split_counts():
    project = make_project()
    make_golden(project, text_of(1), split=Split.TRAIN)
    assert freeze_suite(project) is None


def test_a_corrected_answer_makes_a_new_suite_and_keeps_the_old():
    project = make_world(cases=3)
    old = freeze_suite(project)
    golden = project.golden_samples.latest("id")
    golden.answer = {"labels": ["praise", "billing"]}
    golden.save()
    new = freeze_suite(project)
    assert new != old
    assert old.cases.count() == 3


def test_answers_that_no_longer_fit_are_left_out():
    project = make_world(cases=6)
    Label.objects.filter(project=project, name="praise").delete()
    spec = project.spec
    labels = [row for row in spec.labels if row["name"] != "praise"]
    TaskSpec.objects.create(project=project, number=2, kind=spec.kind, instruction="Tag.", labels=labels)
    suite = freeze_suite(project)
    assert suite.size == 4
    assert suite.spec.number == 2


def test_only_drawn_texts_with_independent_answers_are_cases():
    project = make_world(cases=6)
    whole = freeze_suite(project)
    chosen, seen, kept = project.golden_samples.order_by("id")[:3]
    Sample.objects.filter(pk=chosen.sample_id).update(way_in="analyze")
    project.golden_samples.filter(pk=seen.pk).update(given="seen")
    Sample.objects.filter(pk=kept.sample_id).update(way_in="predict")
    suite = freeze_suite(project)
    assert (whole.size, suite.size) == (6, 4)
    assert not suite.cases.filter(sample__in=[chosen.sample_id, seen.sample_id]).exists()
    assert set(labeling.cases_left_out(project).values()) == {1}
    assert len(labeling.cases_left_out(project)) == 2


def test_a_withdrawn_sample_is_in_no_new_suite():
    project = make_world(cases=4)
    whole, sample = freeze_suite(project), Sample.objects.first()
    labeling.withdraw_sample(SYSTEM, sample, "not ours to use")
    assert freeze_suite(project).size == 3
    assert whole.cases.count() == 4
    labeling.restore_sample(SYSTEM, sample)
    assert freeze_suite(project) == whole
