"""Who is told of what, by rights and wishes; states at their edges alone."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from labeling import news
from labeling import told as floor
from labeling.models import Event, LastingNews, Membership, News, Notification, User
from labeling.services import events
from labeling.services.news import lasting, outbox
from labeling.services.news.audience import Wish, choose_news
from tests.factories import (
    SYSTEM,
    acting,
    make_admin,
    make_expert,
    make_manager,
    make_operator,
    make_project,
    make_sample,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(sent):
    """No message to a worker."""


@pytest.fixture
def shop():
    return make_project("shop")


def happen(project, verb: str = "queue.emptied", actor=SYSTEM) -> None:
    with transaction.atomic():
        events.record(actor, verb, project)


def told() -> set[str]:
    outbox.tell_all()
    found = set(Notification.objects.filter(in_page=True).values_list("user__username", flat=True))
    Notification.objects.all().delete()
    return found


def test_every_kind_has_verbs_and_every_verb_of_news_says_a_sentence(shop):
    assert {news.kind_of(verb) for verb in news.verbs()} == set(news.KINDS)
    for verb in news.verbs():
        with transaction.atomic():
            said = news.told(events.record(SYSTEM, verb, shop, after={"queue": "gpu", "verdict": "passed"}))
        assert said.sentence.endswith(".")
        assert said.path.startswith("/projects/shop/")


def test_rights_and_wishes_say_who_is_told_and_nobody_hears_of_their_own(shop):
    ana, olga, mia = make_expert(shop, "ana"), make_operator(shop, "olga"), make_manager(shop, "mia")
    make_user("stranger"), make_admin("root")
    happen(shop)
    assert told() == {"ana", "mia"}, "the queue is for those who review"
    happen(shop, "finding.opened")
    assert told() == {"olga", "mia"}
    happen(shop, "version.promoted", acting(olga))
    assert told() == {"ana", "mia"}
    choose_news(acting(ana), shop, {"banner": Wish(in_page=True), "queue_empty": Wish()})
    choose_news(acting(User.objects.get(username="root")), shop, {"banner": Wish(in_page=True)})
    happen(shop)
    assert told() == {"mia"}
    happen(shop, "finding.gone")
    assert told() == {"ana", "olga", "mia", "root"}
    Membership.objects.filter(user=ana).delete()
    User.objects.filter(pk=mia.pk).update(is_active=False)
    happen(shop, "finding.opened")
    assert told() == {"olga", "root"}
    Membership.objects.filter(user=olga).update(ends_on=timezone.localdate() - timedelta(days=1))
    happen(shop, "finding.gone")
    assert told() == {"root"}, "a role whose last day is over"


@pytest.fixture
def speechless():
    def fail(event: Event) -> news.Told:
        raise RuntimeError(event.verb)

    news.register("queue_empty", "queue.emptied", fail)
    yield
    floor.register()


def test_a_sentence_that_fails_holds_up_nothing_and_is_tried_again(shop, speechless):
    make_manager(shop)
    happen(shop)
    happen(shop, "queue.filled")
    assert outbox.tell_all() == 1
    floor.register()
    assert outbox.tell_all() == 1


def test_what_another_release_made_news_is_told_without_a_name(shop):
    with transaction.atomic():
        event = events.record(acting(make_manager(shop, "mia")), "project.reopened", shop)
    News.objects.create(project=shop, event=event, kind="banner")
    outbox.tell_all()
    assert News.objects.get().sentence.startswith("Somebody ")


def test_an_archived_project_tells_nobody(shop):
    make_manager(shop)
    happen(shop)
    shop.archived_at = timezone.now()
    shop.save()
    assert told() == set()


def test_an_empty_queue_is_told_when_it_begins_and_when_it_is_over(shop):
    lasting.look_for_lasting()
    assert not LastingNews.objects.exists(), "a project without samples has no queue"
    sample = make_sample(shop, state="approved")
    for _ in range(2):
        lasting.look_for_lasting()
    make_sample(shop)
    for _ in range(2):
        lasting.look_for_lasting()
    verbs = list(Event.objects.filter(verb__startswith="queue.").order_by("id").values_list("verb", flat=True))
    assert verbs == ["queue.emptied", "queue.filled"]
    assert sample.project == shop


def test_of_an_archived_project_nothing_is_over(shop):
    make_sample(shop, state="approved")
    lasting.look_for_lasting()
    shop.archived_at = timezone.now()
    shop.save()
    assert lasting.look_for_lasting() == 0
    assert not Event.objects.filter(verb="queue.filled").exists()


def test_after_three_months_what_was_told_is_forgotten_and_its_event_stays(shop):
    make_expert(shop)
    for _ in range(2):
        happen(shop)
        outbox.tell_all()
    News.objects.filter(pk=News.objects.first().pk).update(told_at=timezone.now() - timedelta(days=91))
    assert outbox.forget_old() == 2
    assert (News.objects.count(), Notification.objects.count()) == (1, 1)
    assert Event.objects.filter(verb="queue.emptied").count() == 2


def test_the_bell_counts_what_is_unread_and_may_be_seen(client, shop):
    ana = make_expert(shop, "ana")
    assert "unread" not in client.get("/login/").text
    client.force_login(ana)
    assert "Nothing to tell yet" in client.get("/notifications/").text
    for _ in range(32):
        happen(shop)
    outbox.tell_all()
    page = client.get("/notifications/").text
    assert "unread:" in page
    assert ">32<" in page
    assert page.count("The review queue is empty.</a>") == 30
    older = client.get(f"/notifications/?before={Notification.objects.order_by('-id')[29].pk}").text
    assert older.count("The review queue is empty.</a>") == 2
    uid = Notification.objects.first().uid
    client.post("/notifications/read/", {"uid": uid})
    assert Notification.objects.filter(read_at=None).count() == 31
    assert "31 marked as read" in client.post("/notifications/read/", follow=True).text
    assert "unread:" not in client.get("/notifications/").text
    happen(shop)
    outbox.tell_all()
    Membership.objects.all().delete()
    client.post("/notifications/read/")
    assert "unread:" not in client.get("/notifications/").text, "what one may see no more is not counted for ever"
    assert "Nothing to tell yet" in client.get("/notifications/").text


def test_nobody_reads_for_others(client, shop):
    make_expert(shop, "ana")
    happen(shop)
    outbox.tell_all()
    client.force_login(make_expert(shop, "bob"))
    client.post("/notifications/read/", {"uid": Notification.objects.get().uid})
    assert Notification.objects.get().read_at is None


def test_wishes_are_kept_on_a_page(client, shop):
    ana = make_expert(shop, "ana")
    client.force_login(ana)
    assert "What you are told of" in client.get("/account/notifications/").text
    form = {"project": "shop", "in_page": ["banner"], "by_mail": ["promotion"]}
    assert "Kept for Shop" in client.post("/account/notifications/", form, follow=True).text
    wished = {row.kind: (row.in_page, row.by_mail) for row in ana.news_choices.all()}
    assert {kind for kind, (page, _) in wished.items() if page} == {"banner"}
    assert {kind for kind, (_, by_mail) in wished.items() if by_mail} == {"promotion"}
    assert Event.objects.get(verb="news.chosen").actor_name == "ana"
    assert (
        "Nothing was kept"
        in client.post("/account/notifications/", {"project": "shop", "in_page": "x"}, follow=True).text
    )
    assert client.post("/account/notifications/", {"project": "elsewhere"}).status_code == 404


def test_the_page_of_wishes_asks_no_more_for_more_projects(client, django_assert_max_num_queries):
    client.force_login(make_admin("root"))
    for number in range(10):
        make_project(f"p{number}")
    with django_assert_max_num_queries(9):
        assert client.get("/account/notifications/").text.count('name="project"') == 10


def test_managers_see_webhooks_and_their_secret_once(client, shop):
    client.force_login(make_manager(shop))
    assert "No webhook yet" in client.get("/projects/shop/webhooks/").text
    assert client.post("/projects/shop/webhooks/", {"url": "http://169.254.169.254/"}).status_code == 400
    asked = {"url": "https://a.example/h", "kinds": ["banner"], "once": "a"}
    client.post("/projects/shop/webhooks/", asked)
    made = client.post("/projects/shop/webhooks/", asked, follow=True).text
    hook = shop.webhooks.get()
    assert hook.secret() in made
    page = client.get(f"/projects/shop/webhooks/{hook.uid}/").text
    assert hook.secret() not in page
    url = f"/projects/shop/webhooks/{hook.uid}"
    assert "on its way" in client.post(f"{url}/test/", follow=True).text
    assert "waits" in client.get(f"{url}/").text
    rotated = client.post(f"{url}/rotate/", follow=True).text
    hook.refresh_from_db()
    assert hook.secret() in rotated
    assert "still valid" in client.post(f"{url}/rotate/", follow=True).text
    assert "Nothing is sent there any more" in client.post(f"{url}/switch/", follow=True).text
    assert "switched off" in client.post(f"{url}/test/", follow=True).text
    assert "Remove this webhook?" in client.get(f"{url}/remove/").text
    client.post(f"{url}/remove/")
    assert not shop.webhooks.exists()
