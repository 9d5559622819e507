"""The history of what went live shows each gain as it was measured, and as it probably is."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from deployment.models import Deployment
from evaluation.gains import gains_of
from evaluation.models import GatePolicy
from evaluation.services import advance
from tests.evaluation.worlds import make_golden, make_live, make_standing, make_world, right, text_of, wrong
from tests.factories import make_expert

pytestmark = pytest.mark.django_db


def right_below(count: int):
    return lambda text: right(text) if int(text.split()[2]) < count else wrong(text)


@pytest.fixture
def shop(models):
    """The bare base is live, and always wrong."""
    project = make_world(cases=60)
    GatePolicy.objects.create(project=project, free_cases=0, minimum=0.0)
    models.answer(0, wrong)
    make_live(make_standing(project, 0))
    return project


@pytest.fixture
def judged(shop, models):
    def make(number: int, correct: int, *, live: bool = False):
        models.answer(number, right_below(correct))
        staged = make_standing(shop, number)
        report = advance(staged.pk)
        if live:
            row = make_live(staged)
            row.evidence = {"gate_reports": [str(report.uid)]}
            row.live_at = timezone.now() + timedelta(minutes=number)
            row.save()
        return report

    return make


def test_with_few_it_is_not_known_yet(shop, judged, client):
    assert gains_of(shop).sentence == ""
    client.force_login(make_expert(shop))
    url = reverse("evaluation:benchmarks", args=["shop"])
    assert "Gains of what went live" not in client.get(url).content.decode()
    judged(1, 12, live=True)
    judged(2, 20, live=True)
    history = gains_of(shop)
    assert [(row.version, row.over, row.shrunken) for row in history.rows] == [(2, 1, None), (1, 0, None)]
    assert "it takes 4 versions that were held against a trained one, and there are 1." in history.sentence
    page = " ".join(client.get(url).content.decode().split())
    for fact in ("Gains of what went live", "the bare base", "as measured", "not known yet", "+0.133"):
        assert fact in page, fact


def test_gains_are_shown_measured_and_shrunken(shop, judged, client):
    judged(1, 12, live=True)
    for number, correct in ((2, 14), (3, 10), (4, 13)):
        judged(number, correct)
    judged(5, 24, live=True)
    judged(6, 26)
    history = gains_of(shop)
    newest, first = history.rows
    assert (newest.version, newest.over, newest.measured) == (5, 1, pytest.approx(0.2))
    assert 0 < newest.shrunken.value < newest.measured
    assert newest.shrunken.low < newest.shrunken.value < newest.shrunken.high
    assert first.shrunken is None
    assert history.sentence.startswith("The 5 versions that were held against a trained one gained +0.")
    client.force_login(make_expert(shop))
    (row, bare) = client.get("/api/v1/projects/shop/gains").json()["gains"]
    assert (row["version"], row["measured"], bare["shrunken"]) == (5, 0.2, None)
    assert row["shrunken"]["value"] == pytest.approx(newest.shrunken.value, abs=1e-4)
    page = client.get(reverse("evaluation:benchmarks", args=["shop"])).content.decode()
    assert f"{newest.shrunken.value:+.3f}" in page


def test_a_promotion_counts_by_the_report_that_it_was_made_on(shop, judged, models):
    judged(1, 12, live=True)
    report = judged(2, 30, live=True)
    make_live(make_standing(shop, 3))
    models.answer(3, right)
    for number in range(60, 80):
        make_golden(shop, text_of(number))
    again = advance(report.staged.pk)
    assert again.held_against.number == 3
    assert (gains_of(shop).rows[0].over, gains_of(shop).rows[0].measured) == (1, pytest.approx(0.3))
    Deployment.objects.filter(version__number=2).update(evidence={})
    assert gains_of(shop).rows[0].over == 3
