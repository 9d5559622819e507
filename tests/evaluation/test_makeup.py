"""What stands beside the figures: blind or imported, skipped, near training texts; and labels that are gone."""

import pytest
from django.urls import reverse

from evaluation.models import Benchmark
from evaluation.services import advance, freeze_suite
from evaluation.suite_pages import made_of
from labeling import services as labeling
from labeling.services.vectors.making import make_vectors
from tests.encoders import make_encoder
from tests.evaluation.worlds import make_golden, make_live, make_standing, make_world, right
from tests.factories import SYSTEM, acting, make_expert, make_sample

pytestmark = pytest.mark.django_db


def test_blind_imported_and_skipped_cases_are_counted():
    project = make_world(cases=7)
    ana = make_expert(project, "ana")
    for word in ("first", "second", "third"):
        labeling.decide(acting(ana), make_sample(project, f"The {word} parcel", split="test"), ["delivery"])
    for word in ("fourth", "fifth"):
        labeling.skip(acting(ana), make_sample(project, f"The {word} parcel", split="test"))
    make_sample(project, "Nobody saw this", split="test")
    suite = freeze_suite(project)
    assert suite.about == {"blind": 3, "imported": 7, "skipped": 2, "near": None}
    said = " ".join(made_of(suite))
    assert "Of 10 cases 3 were answered blind, and 7 were imported." in said
    assert "2 test texts beside them (17%) were skipped" in said
    assert "is not known" in said


def test_nearness_counts_cases_whose_words_a_training_text_has(settings, tmp_path):
    settings.VECTORS_DIR = tmp_path / "vectors"
    settings.ENCODER_DIR = make_encoder(tmp_path / "encoder", "where is my parcel refund the invoice tent broken")
    project = make_world(cases=0)
    for text in ("where is my parcel", "tent broken"):
        make_golden(project, text, answer={"labels": ["delivery"]})
    assert freeze_suite(project).about["near"] is None, "without vectors nothing is known"
    make_golden(project, "my parcel where is", split="train", answer={"labels": ["delivery"]})
    make_sample(project, "tent broken tent broken", split="train")
    make_vectors(project.pk)
    suite = freeze_suite(project)
    near = suite.about["near"]
    assert (near["near"], near["of"], near["beside"], near["at"]) == (1, 2, 1, 0.9)
    assert "1 of 2 cases (50%) are near a training text" in " ".join(made_of(suite))
    make_golden(project, "tent broken broken tent", split="train", answer={"labels": ["billing"]})
    make_vectors(project.pk)
    assert freeze_suite(project).about["near"] == near, "as it was when it was worked out"


def test_the_benchmark_says_what_carries_its_figures(models, client):
    project = make_world(cases=40)
    make_standing(project, 0)
    advance(make_standing(project, 1).pk)
    client.force_login(make_expert(project))
    row = Benchmark.objects.get(version__number=1, decoding="served")
    for url in (
        reverse("evaluation:benchmark", args=["shop", row.uid]),
        reverse("evaluation:benchmarks", args=["shop"]),
    ):
        assert "Of 40 cases 0 were answered blind, and 40 were imported." in client.get(url).content.decode()


@pytest.mark.parametrize("merged", [True, False])
def test_a_label_that_goes_makes_a_new_suite_that_both_answer_anew(models, merged):
    """No case is about the label, and what versions said with it reads otherwise from now on."""
    project = make_world(cases=60)
    for golden in project.golden_samples.filter(sample__text__endswith="praise"):
        labeling.withdraw_sample(SYSTEM, golden.sample, "one label fewer")
    make_live(make_standing(project, 1))
    models.answer(1, lambda text: right(text).replace("billing", "praise"))
    staged = make_standing(project, 2)
    before = advance(staged.pk)
    assert before.reference.metrics["f1_micro"] == 0.5
    praise, billing = (project.labels.get(name=name) for name in ("praise", "billing"))
    if merged:
        labeling.merge_label(SYSTEM, praise, billing)
    else:
        labeling.remove_label(SYSTEM, praise)
    after = advance(staged.pk)
    assert after.candidate.suite != before.candidate.suite
    assert after.reference.suite == after.candidate.suite
    assert after.reference.metrics["f1_micro"] == (1.0 if merged else 0.5)
    assert before.candidate.suite.cases.count() == 40


def test_adding_or_renaming_a_label_makes_none():
    project = make_world(cases=6)
    suite = freeze_suite(project)
    labeling.replace_labels(SYSTEM, project, ["praise", "billing", "delivery", "returns"])
    labeling.change_label(SYSTEM, project.labels.get(name="billing"), name="invoices")
    assert freeze_suite(project) == suite
