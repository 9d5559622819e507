"""What the cases that would decide take the experts stands beside the advice, from their own reviews."""

import pytest
from django.urls import reverse

from evaluation.models import GatePolicy
from evaluation.queries import decisions_of
from evaluation.services import advance
from labeling import services
from labeling.models import Review
from tests.evaluation.worlds import make_live, make_standing, make_world, right_every, wrong
from tests.factories import acting, make_expert, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(models):
    project = make_world(cases=40)
    GatePolicy.objects.create(project=project, free_cases=0, minimum=0.0)
    models.answer(0, wrong)
    models.answer(1, right_every(20))
    make_live(make_standing(project, 0))
    return project


@pytest.fixture
def ana(shop):
    return make_expert(shop, "ana")


def reviewed(shop, ana, count: int, split: str, seconds: float) -> None:
    for _ in range(count):
        services.decide(acting(ana), make_sample(shop, split=split), ["billing"], seconds=seconds)


def test_decisions_are_those_that_stand(shop, ana):
    reviewed(shop, ana, 2, "test", 10.0)
    reviewed(shop, ana, 1, "train", 20.0)
    reviewed(shop, ana, 1, "train", 3000.0)
    services.skip(acting(ana), make_sample(shop), seconds=4.0)
    services.decide(acting(ana), make_sample(shop, split="test"), ["billing"], seconds=7.0)
    services.undo(acting(ana), shop)
    assert Review.objects.count() == 7
    assert decisions_of(shop) == [(4.0, False), (20.0, False), (10.0, True), (10.0, True)]


def test_it_stands_beside_the_advice(shop, ana, client):
    report = advance(make_standing(shop, 1).pk)
    wanted = report.told["advice"]["more"]
    assert wanted > 0
    client.force_login(ana)
    url = reverse("evaluation:benchmark", args=["shop", report.candidate.uid])
    api = f"/api/v1/projects/shop/gate-reports/{report.uid}"
    assert "that takes is not known yet" in client.get(url).content.decode()
    assert client.get(api).json()["effort"] is None
    reviewed(shop, ana, 10, "test", 30.0)
    reviewed(shop, ana, 30, "train", 30.0)
    assert f"{wanted} more cases take about {wanted * 4} (" in client.get(url).content.decode()
    found = client.get(api).json()["effort"]
    assert (found["cases"], found["reviews"], found["minutes"]) == (wanted, wanted * 4, wanted * 2)


def test_before_the_first_judgment_it_is_what_the_least_suite_takes(shop, ana, client):
    GatePolicy.objects.update(min_cases=100)
    reviewed(shop, ana, 12, "test", 30.0)
    client.force_login(ana)
    page = client.get(reverse("evaluation:benchmarks", args=["shop"])).content.decode()
    assert "48 more cases take about 48 (48 to 48) reviews and 24 (24 to 24) expert minutes" in page
