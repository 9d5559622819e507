"""Test texts are answered again blind and mixed; skipped ones come back."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from common.problems import ConflictError
from labeling import services
from labeling.models import GoldenSample, Review, Sample
from labeling.services import queue
from tests.factories import acting, make_expert, make_operator, make_project, make_sample
from tests.labeling.test_review_page import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project):
    return make_expert(project, "ana")


@pytest.fixture
def ben(project):
    return make_expert(project, "ben")


@pytest.fixture
def decided(project, ana):
    """Three test texts with Ana's answers."""
    rows = [
        make_sample(project, f"A test text about {word}", split="test", rank=5) for word in ("tents", "lamps", "boots")
    ]
    for row in rows:
        services.decide(acting(ana), row, ["billing"])
    return rows


def waiting() -> set[int]:
    return set(Sample.objects.pending().values_list("pk", flat=True))


def test_one_that_nobody_asked_for_comes_with_it(ana, decided):
    both = services.recheck(acting(ana), decided[0])
    assert len(both) == 2
    assert {row.pk for row in both} == waiting() > {decided[0].pk}
    assert GoldenSample.objects.judging().count() == 1
    with pytest.raises(ConflictError):
        services.recheck(acting(ana), decided[0])


def test_one_that_was_sent_back_once_is_not_mixed_in_again(ana, ben, decided):
    first, second, third = decided
    for row in (second, third):
        services.reopen(acting(ana), row)
        services.decide(acting(ana), row, ["billing"])
    assert [row.pk for row in services.recheck(acting(ana), first)] == [first.pk]


def test_others_come_first_and_see_no_answer(client, project, ana, ben, decided):
    other = make_sample(project, "A text that waits", rank=10**6)
    asked = {row.pk for row in services.recheck(acting(ana), decided[0])}
    assert services.next_sample(acting(ana), project) == other, "neither asked for nor answered by her"
    client.force_login(ben)
    html = page(client)
    assert services.next_sample(acting(ben), project).pk in asked
    assert "checked" not in html
    services.decide(acting(ana), other, ["praise"])
    left = services.next_sample(acting(ana), project)
    assert left.pk in asked, "where nobody else takes it, it is hers after all"
    client.force_login(ana)
    assert "checked" not in page(client)


def test_after_some_days_anybody_gets_it(project, ana, decided):
    make_sample(project, "A text that waits", rank=10**6)
    asked = {row.pk for row in services.recheck(acting(ana), decided[0])}
    Review.objects.filter(action="undo").update(created_at=timezone.now() - queue._OTHERS_FIRST)
    assert services.next_sample(acting(ana), project).pk in asked


def test_the_answer_given_again_judges(ana, ben, decided):
    services.recheck(acting(ana), decided[0])
    services.decide(acting(ben), decided[0], ["praise"])
    golden = GoldenSample.objects.judging().get(sample=decided[0])
    assert (golden.answer, golden.given) == ({"labels": ["praise"]}, "blind")


def test_only_answered_test_texts_by_those_who_review(project, ana, decided):
    trained = make_sample(project)
    services.decide(acting(ana), trained, ["billing"])
    for sample in (trained, make_sample(project, split="test")):
        with pytest.raises(ConflictError, match="Only a test text"):
            services.recheck(acting(ana), sample)
    with pytest.raises(PermissionDenied):
        services.recheck(acting(make_operator(project)), decided[0])


def test_the_page_asks_again_and_leads_to_no_answer(client, ana, decided):
    client.force_login(ana)
    detail = reverse("labeling:sample", args=["shop", decided[0].uid])
    assert "Ask again, blind" in client.get(detail).content.decode()
    url = reverse("labeling:review_this", args=["shop", decided[0].uid])
    html = client.post(url, follow=True).content.decode()
    assert "that of another test text with it" in html
    assert decided[0].pk in waiting()


def places(project, ana) -> list[int]:
    return list(Sample.objects.filter(project=project).pending().values_list("pk", flat=True))


def test_a_skipped_test_text_comes_again_and_later_each_time(project, ana):
    skipped = make_sample(project, "A hard test text", split="test", rank=0)
    for number in range(120):
        make_sample(project, f"Text {chr(97 + number % 26)}{chr(97 + number // 26)}", rank=1000 + 10 * number)
    services.skip(acting(ana), skipped)
    assert places(project, ana).index(skipped.pk) == 20
    services.skip(acting(ana), Sample.objects.get(pk=skipped.pk))
    assert places(project, ana).index(skipped.pk) == 100
    services.skip(acting(ana), Sample.objects.get(pk=skipped.pk))
    assert places(project, ana).index(skipped.pk) == 120
    assert Sample.objects.get(pk=skipped.pk).rank < 2**32, "what comes in later does not all come before it"


def test_the_last_ones_take_turns(project, ana):
    rows = [make_sample(project, f"Test text {word}", split="test", rank=5) for word in ("one", "two")]
    shown = []
    for _ in range(4):
        sample = services.next_sample(acting(ana), project)
        shown.append(sample.pk)
        services.skip(acting(ana), sample)
    assert shown == [rows[0].pk, rows[1].pk] * 2
