"""The simple methods' own answers stand in the judgment, in its report and in the evidence that travels."""

from pathlib import Path

import pytest
from django.urls import reverse

from common import jsonl
from deployment.models import Deployment, ServingPolicy
from evaluation.models import BaselineResult, Benchmark, GatePolicy, GateReport
from evaluation.services import advance
from labeling.models import Split
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_version, serve_from, stage_version
from tests.evaluation.promotions import forged, live, part, staged, unseen, written
from tests.evaluation.promotions import wrong as wrong_in
from tests.evaluation.worlds import make_golden, right, right_every, text_of, wrong
from tests.factories import SYSTEM, make_operator, make_project, remade
from training.models import BaseModel, TrainingRun
from training.services import freeze_snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(models, standin):
    """The bare base is always wrong, version 1 right on a quarter and live; 2, right on half, learnt from 30 texts."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url), auto_promote=True)
    GatePolicy.objects.create(project=project, free_cases=0, minimum=0.1)
    for number in range(40):
        make_golden(project, text_of(number))
    for number in range(100, 130):
        make_golden(project, text_of(number), split=Split.TRAIN)
    for number, teller in enumerate((wrong, right_every(4), right_every(2))):
        models.answer(number, teller)
        stage_version(make_version(project, number), verdict="")
    run = TrainingRun.objects.create(
        project=project,
        snapshot=freeze_snapshot(SYSTEM, project),
        base=BaseModel.objects.get(),
        trigger="manual",
        state="succeeded",
    )
    remade(staged(project, 2).version, run=run)
    advance(staged(project, 0).pk)
    advance(staged(project, 1).pk)
    assert live(project).version.number == 1
    ServingPolicy.objects.update(auto_promote=False)
    return project


def checked(report):
    (check,) = [each for each in report.checks if each["name"] == "neighbours"]
    return check


def test_a_version_below_the_best_of_them_says_so_and_is_refused_where_the_policy_wants_it(shop, client):
    report = advance(staged(shop, 2).pk)
    assert report.verdict == "passed"
    assert "descriptions, untrained”, the best of 5 neighbours, which is shown to be better" in report.sentence
    assert [each["name"] for each in report.told["neighbours"]] == [
        "base", "constant", "nearest", "tfidf_logreg", "word_overlap",
    ]  # fmt: skip
    GatePolicy.objects.update(neighbours_refuse=True)
    again = advance(staged(shop, 2).pk)
    assert (again.verdict, checked(again)["refuses"], again.clears) == ("refused", True, False)
    client.force_login(make_operator(shop))
    row = Benchmark.objects.get(version__number=2)
    page = client.get(reverse("evaluation:benchmark", args=["shop", row.uid])).content.decode()
    assert "the best of 5 neighbours" in page
    whole = client.get(f"/api/v1/projects/shop/gate-reports/{again.uid}").json()
    assert whole["policy"]["neighbours_refuse"] is True
    assert whole["told"]["neighbours"] == again.told["neighbours"]


def promoted(shop, tmp_path: Path) -> Path:
    GatePolicy.objects.update(latency_ratio=3.0)
    advance(staged(shop, 2).pk)
    promote(make_operator(shop, "olga"), staged(shop, 2).version, reason="it is the better one")
    return written(tmp_path / "it", live(shop))


def test_their_answers_travel_and_the_verdict_is_worked_out_again(shop, tmp_path):
    path = promoted(shop, tmp_path)
    rows = list(jsonl.read(path))
    assert [row["name"] for row in rows if row["part"] == "neighbour"] == [
        "base", "constant", "nearest", "tfidf_logreg", "word_overlap",
    ]  # fmt: skip
    kept = BaselineResult.objects.get(name="tfidf_logreg").answers
    said = [row["neighbours"]["tfidf_logreg"]["answer"] for row in rows if row["part"] == "case"]
    assert said == kept
    names = [check["name"] for check in part(rows, "report")["checks"]]
    assert names[-3:] == ["neighbours", "latency", "difference"]
    assert wrong_in(path) == {}
    assert unseen(path).keys() == {"origin"}


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [row["neighbours"].update(word_overlap=row["neighbours"]["constant"]) for row in cases(rows)],
        lambda rows: part(rows, "neighbour").update(title="Nothing"),
        lambda rows: rows.remove(part(rows, "neighbour", 3)),
        lambda rows: [row["candidate"].update(latency_ms=50.0) for row in cases(rows)],
        lambda rows: part(rows, "report")["figures"]["candidate"]["load"].update(at_once=9),
        lambda rows: part(rows, "policy")["policy"].update(neighbours_refuse=True),
    ],
    ids=["answers", "title", "one left out", "latencies", "load", "policy"],
)
def test_what_is_changed_in_them_is_found(shop, tmp_path, change):
    path = forged(promoted(shop, tmp_path), change)
    assert "verdict" in wrong_in(path)


def cases(rows):
    return [row for row in rows if row["part"] == "case"]


def test_where_their_answers_are_gone_there_is_no_evidence(shop, tmp_path, client):
    promoted(shop, tmp_path)
    BaselineResult.objects.all().delete()
    client.force_login(make_operator(shop))
    row = Deployment.objects.get(project=shop, state="live")
    response = client.get(f"/api/v1/projects/shop/deployments/{row.uid}/evidence")
    assert response.status_code == 400
    assert "are no longer kept" in response.json()["detail"]


def test_answers_of_before_are_worked_out_once_more(shop):
    advance(staged(shop, 2).pk)
    BaselineResult.objects.filter(name="nearest").update(answers=None)
    report = advance(staged(shop, 2).pk)
    assert len(report.told["neighbours"]) == 5
    assert len(BaselineResult.objects.get(name="nearest").answers) == 40


def test_what_it_is_held_against_is_no_neighbour_too(shop):
    first = GateReport.objects.get(staged__version__number=1)
    assert first.held_against.number == 0
    assert "neighbours" not in first.told
    assert "neighbours" not in {check["name"] for check in first.checks}


def test_what_takes_too_long_is_refused(shop, models):
    GatePolicy.objects.update(latency_ratio=1.5, min_cases=30)
    models.slow[2] = 20.0
    report = advance(staged(shop, 2).pk)
    assert report.verdict == "refused"
    assert report.sentence.startswith("shop:v2 is refused: median 20 ms, 4.00 times the 5 ms of the reference")


def test_one_that_is_as_good_is_said_and_refuses_nothing(shop, models):
    GatePolicy.objects.update(neighbours_refuse=True)
    models.answer(2, right)
    report = advance(staged(shop, 2).pk)
    assert report.verdict == "passed"
    assert "micro-F1 1.000 does not beat the 1.000 of" in checked(report)["detail"]
    assert "which is not shown to be better (p = 1.000" in checked(report)["detail"]
