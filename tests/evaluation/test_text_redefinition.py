"""A benchmark of before version 2 of token F1 is shown as what it was, and judged again by today's definition."""

from typing import Any

import pytest
from django.urls import reverse

from deployment.models import StagedVersion
from evaluation.models import BaselineResult, Benchmark
from evaluation.neighbours import below_best
from evaluation.services import baseline_results, freeze_suite, judge, run_benchmark, start_benchmark
from labeling.models import Event, Split
from tests.deployment.standins import make_server, serve_from
from tests.evaluation.worlds import Models, make_golden, make_standing, text_of
from tests.factories import SYSTEM, make_manager, make_project
from training.services import freeze_snapshot

pytestmark = pytest.mark.django_db

# As the figures of free text were recorded until then.
BEFORE = {"cases": 40, "exact": 0.0, "psr": 1.0, "fcr": 0.0, "exact_normalised": 1.0, "token_f1": 1.0, "bleu": 0.0}
BEFORE |= {"rouge_l": 0.875, "main_metric": "token_f1", "main": 1.0, "main_interval": [0.9, 1.0]}


@pytest.fixture
def shop(models: Models) -> Any:
    """Every right answer is -5; version 0 says 5, which the English rules took for the same, version 1 is right."""
    project = make_project("shop", kind="text", labels=())
    serve_from(project, make_server("http://127.0.0.1:1", name="server-shop", slots=2))
    for number in range(40):
        make_golden(project, text_of(number), answer={"text": "-5 degrees"})
    for number in range(5):
        make_golden(project, f"Train {number}", split=Split.TRAIN, answer={"text": "-5 degrees"})
    models.answer(0, lambda text: "5 degrees")
    models.answer(1, lambda text: "-5 degrees")
    return project


def benchmarked_before(project: Any, number: int) -> Benchmark:
    done = run_benchmark(start_benchmark(make_standing(project, number), freeze_suite(project)).pk)
    assert done.state == "succeeded", done.error
    Benchmark.objects.filter(pk=done.pk).update(metrics=BEFORE)
    done.refresh_from_db()
    return done


def page_of(client: Any, project: Any, benchmark: Benchmark) -> str:
    client.force_login(make_manager(project))
    response = client.get(reverse("evaluation:benchmark", args=[project.key, benchmark.uid]))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_old_benchmark_is_shown_as_what_it_was(shop, client):
    page = page_of(client, shop, benchmarked_before(shop, 0))
    assert "Token F1 (old) (judged)" in page
    assert "ROUGE-L (old)" in page
    assert "English rules for every text" in page
    assert "Token F1 v2" not in page


def test_beside_a_new_one_each_has_its_own_column(shop, client):
    old = benchmarked_before(shop, 0)
    new = run_benchmark(start_benchmark(make_standing(shop, 1), old.suite).pk)
    assert "token_f1" not in new.metrics
    page = page_of(client, shop, new)
    assert "Token F1 v2 (judged)" in page
    assert "Judged by words, with numbers, signs and articles" in page
    for title in ("Token F1 v2</th>", "SQuAD F1</th>", "chrF</th>", "Token F1 (old)</th>"):
        assert title in page
    listed = client.get(reverse("evaluation:benchmarks", args=[shop.key])).content.decode()
    assert "Token F1 (old)</th>" in listed
    assert "Token F1 v2</th>" in listed


def test_a_judgment_works_the_new_figure_out_from_the_kept_answers(shop, models):
    old = benchmarked_before(shop, 0)
    report = judge(make_standing(shop, 1))
    assert report.verdict == "passed"
    assert "token F1 v2 1.000 against 0.500 of shop:v0" in report.sentence
    old.refresh_from_db()
    assert (old.metrics["main_metric"], old.metrics["main"]) == ("token_f1_v2", 0.5)
    assert (old.metrics["token_f1"], old.metrics["rouge_l"]) == (1.0, 0.875)
    assert len(models.texts_of(0)) == old.cases, "nothing was asked again"
    assert {case.scores["token_f1_v2"] for case in old.results.all()} == {0.5}
    event = Event.objects.get(verb="benchmark.rescored")
    assert event.before == {"main_metric": "token_f1", "main": 1.0}
    assert event.after == {"main_metric": "token_f1_v2", "main": 0.5}
    judge(StagedVersion.objects.get(version__number=1))
    assert Event.objects.filter(verb="benchmark.rescored").count() == 1


def test_a_simple_method_is_measured_again_and_keeps_what_it_had(shop):
    suite, snapshot = freeze_suite(shop), freeze_snapshot(SYSTEM, shop)
    row = BaselineResult.objects.create(suite=suite, snapshot=snapshot, name="constant", metrics=BEFORE)
    (again,) = baseline_results(suite, snapshot)
    assert again.pk == row.pk
    assert (again.metrics["main_metric"], again.metrics["main"]) == ("token_f1_v2", 1.0)
    assert again.metrics["token_f1"] == 1.0
    event = Event.objects.get(verb="baseline.measured")
    assert event.before["main_metric"] == "token_f1"
    assert baseline_results(suite, snapshot)[0].metrics == again.metrics
    assert Event.objects.filter(verb="baseline.measured").count() == 1


def test_a_version_is_held_against_no_method_of_another_definition(shop):
    old = benchmarked_before(shop, 0)
    Benchmark.objects.filter(pk=old.pk).update(metrics=BEFORE | {"main": 0.1})
    old.refresh_from_db()
    snapshot = freeze_snapshot(SYSTEM, shop)
    row = BaselineResult(suite=old.suite, snapshot=snapshot, name="constant", metrics=BEFORE)
    assert "below a simple method" in below_best(old, [row])
    row.metrics = BEFORE | {"main_metric": "token_f1_v2"}
    assert below_best(old, [row]) == ""
