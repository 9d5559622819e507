"""Three streams of the queue: their shares, what each gives out, and that test texts never come to teach."""

from collections import Counter

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from common.problems import ProblemError
from labeling import services
from labeling.models import Event, Place, Ranking, ReviewOrder, Sample, Turn
from labeling.services.order.ahead import upcoming
from labeling.services.order.choosing import choose_order, order_of, set_order
from labeling.services.order.drawing import plan_of
from labeling.services.order.places import forget_places, ranking_of, store_places, tell
from labeling.streams import Shares
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def ana(project):
    return acting(make_expert(project, "ana"))


def give_out(actor, project, count) -> list[Sample]:
    """What the queue gives, each answered; the rows as they are after."""
    given = []
    for _ in range(count):
        sample = services.next_sample(actor, project)
        if sample is None:
            break
        services.decide(actor, sample, ["billing"])
        given.append(Sample.objects.get(pk=sample.pk))
    return given


def make_texts(project, train=0, validation=0, test=0) -> dict[str, list[Sample]]:
    """Texts of each split, with ranks as chance would give them."""
    counts = {"train": train, "validation": validation, "test": test}
    ranks = iter(range(10, 10_000, 7))
    return {
        split: [make_sample(project, split=split, rank=next(ranks)) for _ in range(count)]
        for split, count in counts.items()
    }


def rank(project, samples, order="teach") -> None:
    ranking_of(project)
    store_places(project, {order: [(sample.pk, None) for sample in samples]})


def test_without_a_ranking_there_is_one_queue_as_chance_has_it(project, ana):
    texts = make_texts(project, train=3, test=2)
    given = give_out(ana, project, 5)
    assert given == [*texts["train"], *texts["test"]]
    assert [sample.stream for sample in given] == ["random"] * 3 + ["blind"] * 2
    assert plan_of(project) is None


def test_the_shares_hold_exactly_over_a_window(project, ana):
    texts = make_texts(project, train=60, test=30)
    rank(project, texts["train"][::-1])
    given = give_out(ana, project, 40)
    for begin in range(0, 36, 5):
        window = Counter(sample.stream for sample in given[begin : begin + 5])
        assert window == {"teach": 3, "random": 1, "blind": 1}
    taught = [sample for sample in given if sample.stream == "teach"]
    assert taught == texts["train"][::-1][: len(taught)]


def test_a_manager_sets_other_shares(project, ana):
    texts = make_texts(project, train=30, test=10)
    rank(project, texts["train"])
    set_order(acting(make_manager(project)), project, Shares(50, 50, 0))
    assert Counter(sample.stream for sample in give_out(ana, project, 20)) == {"teach": 10, "random": 10}
    assert Event.objects.filter(verb="review_order.created", project_id=project.pk).count() == 1


def test_once_the_gate_has_enough_test_texts_wait(project, ana):
    texts = make_texts(project, train=20, test=10)
    rank(project, texts["train"])
    Ranking.objects.filter(project=project).update(wants_blind=False)
    assert Counter(sample.stream for sample in give_out(ana, project, 10)) == {"teach": 8, "random": 2}


def test_test_texts_validation_texts_and_audits_are_never_chosen_to_teach(project, ana):
    texts = make_texts(project, train=4, validation=4, test=4)
    audit = make_sample(project, is_audit=True, rank=5)
    rank(project, [*texts["test"], *texts["validation"], audit, *texts["train"]])
    assert set(Place.objects.values_list("sample__split", "sample__is_audit")) == {("train", False)}
    # Were one there all the same, it would not come by it.
    Place.objects.create(project=project, sample=texts["test"][0], order="teach", place=999)
    given = give_out(ana, project, 13)
    assert len(given) == 13
    assert {sample.split for sample in given if sample.stream == "teach"} == {"train"}
    assert {sample.split for sample in given if sample.stream == "blind"} == {"test"}


def test_validation_texts_come_as_often_as_their_share_and_by_chance_alone(project, ana):
    texts = make_texts(project, train=90, validation=20)
    set_order(SYSTEM, project, Shares(80, 20, 0))
    rank(project, texts["train"][::-1])
    given = give_out(ana, project, 90)
    validation = [sample for sample in given if sample.split == "validation"]
    assert len(validation) in (9, 10, 11), "a ninth of them, as the project's shares are 80 and 10"
    assert {sample.stream for sample in validation} == {"random"}
    assert validation == texts["validation"][: len(validation)]


def test_where_a_stream_is_empty_chance_fills_up_and_nothing_is_left(project, ana):
    texts = make_texts(project, train=6, test=3)
    rank(project, texts["train"][-1:])  # the first could come by chance before, as a reviewer's round begins anywhere
    given = give_out(ana, project, 20)
    assert len(given) == 9
    assert Counter(sample.stream for sample in given) == {"teach": 1, "random": 5, "blind": 3}
    assert Turn.objects.get(user=ana.user_id).given == 9, "asking once more, with nothing left, was no turn"


def test_what_is_put_first_comes_first_and_what_is_skipped_comes_last(project, ana):
    texts = make_texts(project, train=5)
    rank(project, texts["train"])
    first = make_sample(project, rank=-3)
    assert services.next_sample(ana, project) == first
    services.skip(ana, first)
    assert Sample.objects.get(pk=first.pk).stream == "first"
    given = give_out(ana, project, 6)
    assert given[-1] == first
    assert given[-1].stream == "first", "what gave it out first stays known"


def test_what_a_person_picks_is_no_draw_of_chance(project, ana):
    sample = make_sample(project)
    services.choose(ana, sample)
    assert Sample.objects.get().stream == "picked"


def test_a_reviewer_chooses_an_order_for_themselves(project, ana):
    ben = acting(make_expert(project, "ben"))
    texts = make_texts(project, train=40)
    rank(project, texts["train"])
    rank(project, texts["train"][::-1], "newest")
    choose_order(ana, project, "newest")
    last = [sample for sample in give_out(ana, project, 5) if sample.stream == "teach"]
    assert last == texts["train"][::-1][: len(last)]
    first = [sample for sample in give_out(ben, project, 5) if sample.stream == "teach"]
    assert {sample.pk for sample in first} <= {sample.pk for sample in texts["train"][:8]}
    choose_order(ana, project, "")
    assert Event.objects.filter(verb="order.chosen").count() == 2


def test_wrong_orders_and_shares_are_refused_with_what_to_do(project, ana):
    manager = acting(make_manager(project))
    with pytest.raises(PermissionDenied):
        set_order(ana, project, Shares())
    with pytest.raises(PermissionDenied):
        choose_order(acting(make_expert(make_project())), project, "teach")
    with pytest.raises(ProblemError, match="Choose one of teach, "):
        choose_order(ana, project, "nothing")
    with pytest.raises(ProblemError, match="There is no order 'doubtful'"):
        set_order(manager, project, Shares(), order="doubtful")
    with pytest.raises(ProblemError, match=r"add up to 100: 50 \+ 20 \+ 20 = 90"):
        set_order(manager, project, Shares(50, 20, 20))
    with pytest.raises(ProblemError, match="seed"):
        set_order(manager, project, Shares(), seed=-1)
    assert not ReviewOrder.objects.exists()
    assert order_of(project).teach == 60


def test_places_are_replaced_as_a_whole_and_forgotten_with_a_reason(project):
    texts = make_texts(project, train=5)["train"]
    rank(project, texts)
    rank(project, texts[:2], "newest")
    rank(project, texts[3:])
    assert list(Place.objects.order_by("order", "place").values_list("order", "sample")) == [
        *(("newest", sample.pk) for sample in texts[:2]),
        *(("teach", sample.pk) for sample in texts[3:]),
    ]
    assert Ranking.objects.get().orders == ["newest", "teach"]
    tell(project, "Why.")
    forget_places(project, "Another task.")
    assert not Place.objects.exists()
    assert Ranking.objects.get().note == "Another task."
    assert plan_of(project) is None


def test_who_proposes_is_told_what_comes_next_in_all_streams(project, ana):
    texts = make_texts(project, train=60, test=5)
    assert upcoming(project, 8) == texts["train"][:8]
    rank(project, texts["train"][::-1])
    coming = upcoming(project, 8)
    assert len(coming) == 8
    assert set(coming) == {*texts["train"][-6:], *texts["train"][:2]}
    given = [sample for sample in give_out(ana, project, 8) if sample.split != "test"]
    assert set(given) <= set(coming)
    set_order(SYSTEM, project, Shares(0, 100, 0))
    left = [sample for sample in texts["train"] if sample not in given]
    assert upcoming(project, 4) == left[:4]


@pytest.mark.parametrize("split", ["test", "validation"])
def test_a_split_of_which_nothing_waits_is_found_empty_without_a_look_at_all_that_waits(project, split):
    Sample.objects.bulk_create(
        Sample(project=project, text=f"{n}", content_hash=f"{n}", group_hash="", split="train", way_in="import", rank=n)
        for n in range(1, 20_001)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE labeling_sample")
    found = Sample.objects.filter(project=project).awaiting_review(0).filter(split=split)[:1].explain()
    assert "queue_outside_training" in found


def test_handing_out_takes_few_statements_however_much_waits(project, ana, django_assert_max_num_queries):
    texts = make_texts(project, train=30, test=10)
    rank(project, texts["train"])
    give_out(ana, project, 3)
    with django_assert_max_num_queries(12):
        services.next_sample(ana, project)
