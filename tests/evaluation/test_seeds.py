"""A verdict is about one model: beside it stands how far its recipe spreads over the seeds, where that is known."""

import pytest
from django.urls import reverse

from evaluation.models import Benchmark, GatePolicy
from evaluation.seeds import spread_of
from evaluation.services import advance
from labeling.models import Split
from tests.evaluation.worlds import make_golden, make_live, make_standing, make_world, right_every, text_of, wrong
from tests.factories import SYSTEM, make_operator, remade
from training.models import BaseModel, TrainingRun
from training.services import freeze_snapshot

pytestmark = pytest.mark.django_db
UNKNOWN = "How far another seed would lie from it is not known"


@pytest.fixture
def shop(models):
    project = make_world(cases=40)
    GatePolicy.objects.create(project=project, free_cases=0, minimum=0.0)
    make_golden(project, text_of(200), split=Split.TRAIN)
    models.answer(0, wrong)
    make_live(make_standing(project, 0))
    return project


@pytest.fixture
def judged(shop, models):
    """Make a version by a run with these options, right on every so manieth case, and judge it."""

    def make(number: int, step: int, **config):
        models.answer(number, right_every(step))
        staged = make_standing(shop, number)
        run = TrainingRun.objects.create(
            project=shop, snapshot=freeze_snapshot(SYSTEM, shop), base=BaseModel.objects.get(), trigger="manual",
            state="succeeded", config={"learning_rate": 0.1, **config},
        )  # fmt: skip
        remade(staged.version, run=run)
        return advance(staged.pk)

    return make


def test_one_recipe_with_three_seeds(shop, judged, client):
    client.force_login(make_operator(shop))
    report = judged(1, 2, seed=7)
    url = reverse("evaluation:benchmark", args=["shop", report.candidate.uid])
    assert UNKNOWN in client.get(url).content.decode()
    assert client.get(f"/api/v1/projects/shop/gate-reports/{report.uid}").json()["seeds"] is None
    judged(2, 4, seed=8)
    judged(3, 5, seed=9)
    page = " ".join(client.get(url).content.decode().split())
    assert (
        "It judges this model, not its recipe. With 3 seeds the same recipe has micro-F1 0.317 on the average" in page
    )
    assert "standard deviation of 0.161: v1 0.500 (seed 7), v2 0.250 (seed 8), v3 0.200 (seed 9)." in page
    for address in (f"gate-reports/{report.uid}", f"benchmarks/{report.candidate.uid}"):
        seeds = client.get(f"/api/v1/projects/shop/{address}").json()["seeds"]
        assert (seeds["mean"], seeds["sd"]) == (0.3167, 0.1607)
        assert [(row["version"], row["seed"], row["main"]) for row in seeds["versions"]] == [
            (1, 7, 0.5), (2, 8, 0.25), (3, 9, 0.2),
        ]  # fmt: skip


def test_other_options_other_data_and_the_same_seed_are_no_spread(shop, judged):
    judged(1, 2, seed=7)
    judged(2, 4, seed=8, learning_rate=0.2)
    judged(3, 4, seed=7)
    make_golden(shop, text_of(201), split=Split.TRAIN)
    judged(4, 4, seed=8)
    assert [spread_of(row) for row in Benchmark.objects.all()] == [None] * 5


def test_an_edited_version_and_other_cases_are_no_spread(shop, judged):
    judged(1, 2, seed=7)
    make_golden(shop, text_of(300))
    report = judged(2, 4, seed=8)
    assert spread_of(report.candidate) is None
    twin = judged(3, 4, seed=9).candidate
    assert [row.seed for row in spread_of(twin).rows] == [8, 9]
    remade(twin.version, run=None, derived_from=report.staged.version)
    twin.refresh_from_db()
    assert spread_of(Benchmark.objects.get(pk=twin.pk)) is None
