"""The ranking of training texts: when it is due, by what it is made, and what is said where it cannot be."""

import random

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from common.alone import alone
from labeling.models import Place, Ranking, Sample, VectorSet
from labeling.services import decide_known, update_project
from labeling.services.order.choosing import choose_order, set_order
from labeling.services.vectors.making import make_vectors
from labeling.streams import Shares
from tests.encoders import make_encoder
from tests.factories import SYSTEM, TAGS, acting, make_expert, make_project, make_sample
from tests.heads import have_encoder, make_answers
from tests.training.heads.folders import text_of
from tests.training.helpers import make_policy
from training.models import RetrainPolicy, WorkerHeartbeat
from training.ordering.candidates import MOST
from training.ordering.orders import ORDERS
from training.services import candidate_texts
from training.services.drafts import fit_draft
from training.services.encoders import list_encoder
from training.services.ranking import rank_texts
from training.services.ranking_due import check_all_rankings, check_ranking, is_due, obstacle_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(shop, settings, tmp_path):
    """A project with an encoder, a worker, and sixty texts with vectors that wait, a sixth of them test texts."""
    have_encoder(settings, tmp_path / "models")
    settings.VECTORS_DIR = tmp_path / "vectors"
    list_encoder(SYSTEM)
    WorkerHeartbeat.objects.update_or_create(worker="heads@host", queue="heads", defaults={"seen_at": timezone.now()})
    make_policy(shop, threshold=1000)
    add_texts(shop, 60)
    make_vectors(shop.pk)
    return shop


def add_texts(project, count, seed=5) -> None:
    chance = random.Random(seed)
    for number in range(count):
        split = "test" if number % 6 == 0 else "train"
        text = f"{text_of([TAGS[number % len(TAGS)]], chance)} {chance.random()}"
        make_sample(project, text, split=split, rank=number + 1)


def placed(order="teach") -> list[Sample]:
    return [row.sample for row in Place.objects.filter(order=order).order_by("place").select_related("sample")]


def test_without_a_head_typical_texts_come_first_and_test_texts_never(waiting, sent):
    check_ranking(waiting)
    assert ("training.rank_texts", waiting.pk) in sent
    assert rank_texts(waiting)
    ranking = Ranking.objects.get()
    assert (ranking.by_head, ranking.looked_at, ranking.waiting, ranking.note) == (False, 50, 50, "")
    assert {sample.split for sample in placed()} == {"train"}
    assert len(placed()) > 30
    assert not is_due(waiting)
    assert not rank_texts(waiting), "twice does no harm"


def test_each_draft_ranks_anew_by_what_it_can_hardly_tell(waiting, sent):
    rank_texts(waiting)
    make_answers(waiting, 30)
    make_vectors(waiting.pk)
    fit_draft(waiting)
    assert ("training.rank_texts", waiting.pk) in sent
    assert is_due(waiting)
    unsure = make_sample(waiting, "please hello now today", split="train", rank=999)
    make_vectors(waiting.pk)
    assert rank_texts(waiting)
    ranking = Ranking.objects.get()
    assert (ranking.by_head, ranking.golden) == (True, 30)
    assert unsure in placed()[:12]
    assert all(row.score is not None for row in Place.objects.filter(order="teach"))


def test_every_order_is_ranked_once_somebody_chose_it(waiting, sent):
    make_answers(waiting, 30)
    make_vectors(waiting.pk)
    fit_draft(waiting)
    rank_texts(waiting)
    ana = acting(make_expert(waiting, "ana"))
    for order in (each for each in ORDERS.values() if not each.of_golden):
        choose_order(ana, waiting, order.name)
        assert is_due(waiting) == (order.name != "teach")
        assert rank_texts(waiting) == (order.name != "teach")
        assert placed(order.name), order.name
        assert {sample.split for sample in placed(order.name)} == {"train"}
    assert [each.pk for each in placed("oldest")] == sorted(each.pk for each in placed("oldest"))
    assert placed("newest") == placed("oldest")[::-1]
    before = placed("random")
    set_order(SYSTEM, waiting, Shares(), order="random", seed=2)
    assert rank_texts(waiting)
    assert placed("random") != before


def test_a_wrong_golden_answer_is_listed_as_doubtful(waiting):
    make_answers(waiting, 59)
    wrong = make_sample(waiting, "refund please refund now refund", split="train")
    decide_known(SYSTEM, wrong, {"labels": ["praise"]})
    make_vectors(waiting.pk)
    fit_draft(waiting)
    rank_texts(waiting)
    assert placed("doubtful")[0] == wrong
    assert {sample.state for sample in placed("doubtful")} == {"golden"}


def test_another_task_forgets_what_was_ranked_and_begins_anew(waiting):
    make_answers(waiting, 30)
    make_vectors(waiting.pk)
    fit_draft(waiting)
    rank_texts(waiting)
    update_project(SYSTEM, waiting, instruction="Another one.")
    waiting.refresh_from_db()
    assert is_due(waiting)
    assert rank_texts(waiting)
    assert not Ranking.objects.get().by_head, "the draft is of another task"
    assert not Place.objects.filter(order="doubtful").exists()


def test_an_order_that_nobody_uses_any_more_has_no_places_and_asks_for_no_ranking(waiting):
    ana = acting(make_expert(waiting, "ana"))
    choose_order(ana, waiting, "newest")
    rank_texts(waiting)
    choose_order(ana, waiting, "oldest")
    rank_texts(waiting)
    assert set(Place.objects.values_list("order", flat=True)) == {"oldest", "teach"}
    choose_order(ana, waiting, "newest")
    assert is_due(waiting), "what it once was is no order of today"


def test_an_order_that_can_give_no_more_is_not_ranked_again_and_again(waiting):
    rank_texts(waiting)
    Ranking.objects.update(waiting=MOST + 1)
    Place.objects.filter(place__gte=9).delete()
    assert not is_due(waiting), "as where all texts are of a few sorts"
    Sample.objects.filter(pk=placed()[0].pk).update(state="rejected")
    assert is_due(waiting)


def test_texts_that_come_later_are_ranked_once_few_places_are_left(waiting):
    rank_texts(waiting)
    Sample.objects.filter(pk__in=[sample.pk for sample in placed()[3:]]).update(state="rejected")
    assert not is_due(waiting), "there are no other texts"
    add_texts(waiting, 12, seed=6)
    make_vectors(waiting.pk)
    assert is_due(waiting)
    assert rank_texts(waiting)
    assert not is_due(waiting)
    assert len(placed()) > 9


def test_a_large_pool_costs_no_more_than_a_bounded_part_of_it(waiting, monkeypatch):
    monkeypatch.setattr(candidate_texts, "CANDIDATES", 20)
    rank_texts(waiting)
    assert Ranking.objects.get().looked_at == 20
    assert len(placed()) <= min(20, MOST)
    assert {sample.rank for sample in placed()} <= set(range(1, 27)), "the part is drawn by chance: the lowest ranks"


def test_texts_behind_a_prompt_template_are_compared_as_they_are_asked(waiting):
    make_answers(waiting, 30)
    make_vectors(waiting.pk)
    update_project(SYSTEM, waiting, prompt_template="please {text} parcel")
    waiting.refresh_from_db()
    fit_draft(waiting)
    assert rank_texts(waiting)
    assert Ranking.objects.get().by_head


def test_what_is_missing_is_said_with_what_to_do_and_chance_goes_on(shop, settings, tmp_path, sent):
    make_sample(shop)
    settings.ENCODER_DIR = tmp_path / "nowhere"
    check_all_rankings()
    assert "make encoder" in Ranking.objects.get().note
    have_encoder(settings, tmp_path / "models")
    settings.VECTORS_DIR = tmp_path / "vectors"
    check_all_rankings()
    assert "they have no vectors yet" in Ranking.objects.get().note
    make_vectors(shop.pk)
    check_all_rankings()
    assert "celery -A config worker -Q heads" in Ranking.objects.get().note
    assert not rank_texts(shop)
    WorkerHeartbeat.objects.create(worker="heads@host", queue="heads", seen_at=timezone.now())
    check_all_rankings()
    assert sent == [("training.rank_texts", shop.pk)]
    assert rank_texts(shop)
    assert Ranking.objects.get().note == ""
    assert obstacle_to(make_project("empty")) != ""


def test_an_encoder_that_was_exchanged_forgets_what_was_ranked(waiting, settings):
    rank_texts(waiting)
    make_encoder(settings.ENCODER_DIR, "other words refund parcel thanks", name="tests/other")
    assert "no vectors yet" in obstacle_to(waiting)
    make_vectors(waiting.pk)
    assert VectorSet.objects.get().state == "whole"
    assert rank_texts(waiting)


def test_without_a_draft_there_is_an_order_all_the_same(waiting):
    RetrainPolicy.objects.update(draft_every=0)
    make_answers(waiting, 20)
    assert rank_texts(waiting)
    assert placed()


def test_one_worker_ranks_at_a_time_and_one_that_is_killed_holds_nobody_up(waiting):
    info = connection.get_connection_params()
    known = {name: info[name] for name in ("host", "port", "user", "password", "dbname") if info.get(name)}
    with alone(f"ranking of {waiting.pk}"), connection.cursor() as cursor:
        cursor.execute("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'")
        high, low = cursor.fetchone()
    key = (high << 32 | low) - (1 << 64 if high >> 31 else 0)
    with psycopg.connect(**known, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [key])
        assert not rank_texts(waiting)
        killed = other.info.backend_pid
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [killed])
        assert rank_texts(waiting)
        other.close()
