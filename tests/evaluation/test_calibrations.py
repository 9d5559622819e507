"""What a version's confidence is worth: measured on held-out cases, kept, and shown where it says something."""

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from common.calibrating import Calibrated
from deployment.serving.batch import predict_many
from deployment.serving.predict import predict
from evaluation.models import Benchmark, Calibration, CaseResult
from evaluation.services import freeze_suite, run_benchmark, start_benchmark
from evaluation.services.calibrating import calibrate, due
from evaluation.services.suites import freeze_hard_suite
from evaluation.services.upkeep import ask_live_again
from evaluation.tasks import calibrate as calibrate_task
from labeling.models import Event, Sample
from labeling.services import mark_must_pass, remove_label, replace_labels
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.evaluation.confident import answer_cases, even, make_shop, proposed
from tests.evaluation.worlds import make_golden, make_live, make_standing, make_world, right_every, text_of
from tests.factories import SYSTEM, TAGS, acting, make_admin, make_expert, make_project
from tests.heads import have_encoder, make_answers, make_head
from tests.training.helpers import make_run

pytestmark = pytest.mark.django_db


def known(cases: int = 250):
    """The project and its live version, nine of ten of whose surer answers are right."""
    project, version = make_shop()
    confidences = even(cases)
    answer_cases(version, confidences, [place % 10 > 0 and each > 0.2 for place, each in enumerate(confidences)])
    return project, version, calibrate(version)


def test_a_benchmark_keeps_confidence_and_is_calibrated_once(models):
    project = make_world(cases=130)
    staged = make_standing(project, 1)
    models.answer(1, right_every(3))
    models.sure = lambda text: 0.9 if int(text.split()[2]) % 3 == 0 else 0.4
    run_benchmark(start_benchmark(staged, freeze_suite(project)).pk)
    assert set(CaseResult.objects.values_list("confidence", flat=True)) == {0.9, 0.4}
    assert due() == [staged.version_id]
    calibrate_task(staged.version_id)
    assert due() == []
    row = Calibration.objects.get()
    assert (row.source, row.cases, row.fitted_on, row.silent, row.unread) == ("cases", 130, 130, 0, 0)
    assert row.figures["auc"] == 1
    assert row.figures["error"] < 0.05
    assert calibrate(staged.version) == row
    assert Event.objects.filter(verb="version.calibrated").count() == 1


def test_a_calibration_never_changes():
    _, _, row = known()
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        Calibration.objects.filter(pk=row.pk).update(cases=1)


def test_before_there_are_enough_cases_nothing_is_shown(client):
    project, version = make_shop()
    answer_cases(version, even(124), [True] * 124)
    row = calibrate(version)
    assert (row.source, row.map, row.figures, row.needed) == ("none", None, {}, 125)
    client.force_login(make_expert(project))
    page = client.get(reverse("deployment:version", args=["shop", 1])).content.decode()
    assert "Too few cases: 125 needed, 124 there." in page
    prediction = proposed(project, 0.9)
    assert "of such answers are right" not in client.get(reverse("labeling:review", args=["shop"])).content.decode()
    told = client.get(f"/api/v1/projects/shop/predictions/{prediction.uid}").json()
    assert (told["confidence"], told["share"]) == (0.9, None)


def test_near_duplicates_count_once_and_what_says_nothing_is_counted():
    _, version = make_shop()
    benchmark = answer_cases(version, [*even(130), None, 0.5], [True] * 132, [*range(130), 130, 5])
    CaseResult.objects.filter(benchmark=benchmark, case__position=0).update(status="failed", answer=None, exact=False)
    row = calibrate(version)
    assert (row.cases, row.silent, row.unread) == (129, 1, 1)


def test_the_share_stands_beside_proposals_and_in_the_api(client):
    project, _ = make_shop()
    prediction = proposed(project, 0.9, share=0.84, label_chances={"praise": 0.2, "billing": 0.91})
    client.force_login(make_expert(project))
    page = " ".join(client.get(reverse("labeling:review", args=["shop"])).content.decode().split())
    assert "84 % of such answers are right (billing 91 %, praise 20 %)" in page
    told = client.get(f"/api/v1/projects/shop/predictions/{prediction.uid}").json()
    assert (told["share"], told["label_chances"]) == (0.84, {"praise": 0.2, "billing": 0.91})
    sample = client.get(reverse("labeling:sample", args=["shop", prediction.sample.uid])).content.decode()
    assert "84 % of such answers are right" in sample


def test_what_is_live_says_with_each_answer_how_sure_it_is(standin):
    project = make_project("shop")
    serve_from(project, make_server(standin.url))
    version = make_staged(project, 1)
    promote(acting(make_admin()), version)
    before = predict(SYSTEM, project, "Where is it?")
    assert (before.share, 0 < before.confidence < 1) == (None, True)
    found = Calibrated("platt", ((0.5, 1.0),))
    for digest, kept in (("old", None), ("new", found.kept())):
        Calibration.objects.create(version=version, source="cases", map=kept, fitted_on=0, cases=0, digest=digest)
    after = predict(SYSTEM, project, "Where is it now?")
    assert after.share == pytest.approx(found.share(after.confidence))
    (batch,) = predict_many(SYSTEM, project, ["Where is it by now?"])
    assert batch.share == pytest.approx(found.share(batch.confidence))


def test_the_versions_page_and_the_api_tell_the_same(client):
    project, _, row = known(300)
    client.force_login(make_expert(project))
    page = " ".join(client.get(reverse("deployment:version", args=["shop", 1])).content.decode().split())
    assert page.count("<circle") == 3
    assert f"{row.figures['error']:.3f}" in page
    assert f"{row.figures['auc']:.3f}" in page
    assert "by Platt&#x27;s scaling" in page or "by Platt's scaling" in page
    told = client.get("/api/v1/projects/shop/versions/1/confidence").json()
    assert (told["fitted_by"], told["cases"], told["needed"], len(told["bins"])) == ("cases", 300, 125, 3)
    assert told["calibration_error"] == pytest.approx(row.figures["error"], abs=1e-3)
    assert told["auc_interval"][0] < told["auc"] < told["auc_interval"][1]
    assert told["digest"] == row.digest
    assert client.get("/api/v1/projects/shop/versions/7/confidence").status_code == 404
    client.force_login(make_expert(make_project()))
    assert client.get("/api/v1/projects/shop/versions/1/confidence").status_code == 404


def test_a_version_that_was_asked_nothing_says_so(client):
    project, _ = make_shop()
    client.force_login(make_expert(project))
    assert "Nothing is known yet" in client.get(reverse("deployment:version", args=["shop", 1])).content.decode()
    told = client.get("/api/v1/projects/shop/versions/1/confidence").json()
    assert (told["fitted_by"], told["cases"], told["bins"], told["auc"]) == ("none", 0, None, None)


def test_a_heads_map_is_of_its_fit_and_judged_by_test_cases():
    project = make_world(cases=0)
    run = make_run(project, "succeeded")
    run.metrics = {"head": {"whole_answer": {"method": "platt", "points": [[1.0, 0.0]], "rows": 400}}}
    run.save()
    version = make_standing(project, 1, method="head", run=run).version
    make_live(version.staged.get())
    assert due() == [version.pk]
    row = calibrate(version)
    assert (row.source, row.fitted_on, row.cases, row.figures, row.needed) == ("folds", 400, 0, {}, 100)
    assert row.calibrated.share(0.84) == pytest.approx(0.84)
    answer_cases(version, even(100), [place % 2 == 0 for place in range(100)])
    assert due() == [version.pk]
    again = calibrate(version)
    assert again.pk != row.pk
    assert (again.map, again.cases) == (row.map, 100)
    assert again.figures["bins"][0]["said"] == pytest.approx(0.5)


def test_a_fit_leaves_a_map_where_enough_rows_were_left_out(settings, tmp_path):
    have_encoder(settings, tmp_path)
    project = make_project("shop")
    make_answers(project, 120)
    assert "whole_answer" not in make_head(project).head_told, "90 training rows are too few"
    make_answers(project, 40, seed=2)
    version = make_head(project)
    assert due() == [version.pk]
    row = calibrate(version)
    assert (row.source, row.fitted_on, row.cases) == ("folds", 120, 0)
    assert row.calibrated.share(0.99) > row.calibrated.share(0.3)


def test_the_live_version_is_asked_about_later_blind_answers(models):
    project = make_world(cases=70)
    staged = make_standing(project, 1)
    make_live(staged)
    assert ask_live_again() == [], "its verdict comes first"
    type(staged).objects.update(verdict="passed")
    found = ask_live_again()
    assert Benchmark.objects.get().pk == found[0]
    assert ask_live_again() == []
    mark_must_pass(SYSTEM, Sample.objects.get(text=text_of(4)), "an incident")
    start_benchmark(staged, freeze_hard_suite(project))
    assert ask_live_again() == [], "the one hard case is no suite that has grown"
    for number in range(70, 83):
        make_golden(project, text_of(number))
    assert ask_live_again() == []
    make_golden(project, text_of(83))
    assert len(ask_live_again()) == 1
    assert set(Benchmark.objects.values_list("cases", flat=True)) == {70, 1, 84}


def test_the_live_version_is_asked_anew_where_the_task_and_its_cases_are_others(models):
    project = make_world(cases=70)
    staged = make_standing(project, 1)
    make_live(staged)
    type(staged).objects.update(verdict="passed")
    ask_live_again()
    replace_labels(SYSTEM, project, [*TAGS, "refund"])
    assert ask_live_again() == [], "the same cases"
    make_golden(project, text_of(70))
    assert len(ask_live_again()) == 1
    assert Benchmark.objects.first().suite.spec_id == project.spec.pk
    assert ask_live_again() == []
    remove_label(SYSTEM, project.labels.get(name="refund"))
    assert len(ask_live_again()) == 1, "a label that is gone is another suite at once"
