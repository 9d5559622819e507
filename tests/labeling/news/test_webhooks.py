"""Webhooks: signed, sent again where it failed, switched off by 410, never sent elsewhere; nothing is lost."""

import ipaddress
import json
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from common import leases
from common.problems import ConflictError, ProblemError
from common.standard_webhooks import TRIES, sign
from labeling.models import Delivery, Digest, Event, News, Webhook
from labeling.services import events
from labeling.services.news import deliveries, mails, outbox, webhooks
from tests.factories import SYSTEM, acting, make_manager, make_operator, make_project, make_user
from tests.labeling.news.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hosts(settings, sent):
    settings.WEBHOOK_HOSTS = [ipaddress.ip_network("127.0.0.0/8")]
    settings.PUBLIC_URL = "https://label.example.org"


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


@pytest.fixture
def shop():
    return make_project("shop")


@pytest.fixture
def hook(shop, receiver: Receiver) -> Webhook:
    return webhooks.add_webhook(SYSTEM, shop, receiver.url, ["queue_empty", "banner"])


def happen(project, verb: str = "queue.emptied") -> Event:
    with transaction.atomic():
        return events.record(SYSTEM, verb, project, after={"queue": "x"})


def switched_off(hook: Webhook) -> None:
    webhooks.switch_webhook(SYSTEM, hook, on=False)


def removed(hook: Webhook) -> None:
    webhooks.remove_webhook(SYSTEM, hook)


def due_now() -> None:
    Delivery.objects.update(not_before=timezone.now() - timedelta(seconds=1))


def test_news_is_sent_signed_with_ids_and_links_alone(shop, hook, receiver):
    event = happen(shop)
    assert outbox.tell_all() == 1
    assert deliveries.deliver_due() == 1
    headers, body = receiver.got[0]
    signature = sign(hook.secret(), headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == signature
    said = json.loads(body)
    assert said["type"] == "queue.emptied"
    assert said["data"]["subject"] == {"type": "project", "id": str(shop.uid)}
    assert said["data"]["url"] == "https://label.example.org/projects/shop/samples/"
    row = Delivery.objects.get()
    assert (row.state, row.news.event, row.last["status"], row.message_id) == (
        "delivered", event, 204, headers["webhook-id"],
    )  # fmt: skip
    assert (outbox.tell_all(), deliveries.deliver_due()) == (0, 0)


def test_what_is_rolled_back_is_not_told(shop, hook):
    with transaction.atomic():
        events.record(SYSTEM, "queue.emptied", shop)
        transaction.set_rollback(True)
    assert not News.objects.exists()


def test_after_a_kill_between_commit_and_task_the_outbox_still_has_it(shop, hook, receiver):
    """No message is sent with an event: the next round finds the row, whoever wrote it and died."""
    happen(shop)
    assert News.objects.get().told_at is None
    outbox.tell_all()
    row = Delivery.objects.get()
    assert leases.claim(Delivery, row.pk, waiting=["waiting"], working="sending"), "a sender takes it, and is killed"
    assert deliveries.deliver_due() == 0
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliveries.deliver_due() == 1
    assert Delivery.objects.get().attempts == 2


def test_a_failure_is_tried_again_later_with_the_same_id(shop, hook, receiver):
    receiver.answers = [(500, b"<h1>out of order</h1>"), (200, b"")]
    happen(shop)
    outbox.tell_all()
    assert deliveries.deliver_due() == 0
    row = Delivery.objects.get()
    assert (row.state, row.last["status"], row.last["said"]) == ("waiting", 500, "<h1>out of order</h1>")
    assert timedelta(seconds=2) < row.not_before - timezone.now() < timedelta(seconds=7)
    assert deliveries.deliver_due() == 0
    assert len(receiver.got) == 1, "not before its time"
    due_now()
    assert deliveries.deliver_due() == 1
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    assert receiver.got[0][1] == receiver.got[1][1]


def test_after_a_failure_the_other_messages_of_the_webhook_rest(shop, hook, receiver):
    receiver.answers = [(500, b"")]
    for _ in range(2):
        webhooks.send_test(SYSTEM, hook)
    deliveries.deliver_due()
    tried, other = Delivery.objects.order_by("id")
    assert (tried.attempts, other.attempts) == (1, 0)
    assert tried.not_before < other.not_before > timezone.now() + timedelta(seconds=50)


def test_after_the_last_try_it_has_failed_and_a_manager_sends_it_again(shop, hook, receiver):
    receiver.answers = [(500, b"")]
    happen(shop)
    outbox.tell_all()
    Delivery.objects.update(attempts=TRIES - 1)
    deliveries.deliver_due()
    row = Delivery.objects.get()
    assert row.state == "failed"
    receiver.answers = [(200, b"")]
    webhooks.send_again(acting(make_manager(shop)), row)
    assert deliveries.deliver_due() == 1
    assert [each["status"] for each in Delivery.objects.get().tries] == [500, 200]


def test_410_switches_it_off(shop, hook, receiver):
    receiver.answers = [(410, b"")]
    happen(shop)
    happen(shop, "queue.filled")
    outbox.tell_all()
    deliveries.deliver_due()
    hook.refresh_from_db()
    assert not hook.is_active
    assert "410" in hook.why_off
    assert Event.objects.filter(verb="webhook.switched_off", actor_name="webhooks").count() == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}
    assert len(receiver.got) == 1
    happen(shop)
    outbox.tell_all()
    assert Delivery.objects.count() == 2, "nothing more for it"
    with pytest.raises(ConflictError, match="switched off"):
        webhooks.send_again(SYSTEM, Delivery.objects.first())


def test_a_redirect_is_told_and_not_followed(shop, hook, receiver):
    receiver.answers = [(307, b"")]
    happen(shop)
    outbox.tell_all()
    deliveries.deliver_due()
    assert receiver.paths == ["/hook"]
    assert "redirect, which is not followed" in Delivery.objects.get().last["said"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("verb", "left"), [(switched_off, ["failed"]), (removed, [])])
def test_what_is_on_its_way_when_a_webhook_ends_is_not_sent_again(hook, receiver, verb, left):
    receiver.hangs = True
    webhooks.send_test(SYSTEM, hook)
    sent = []
    sender = threading.Thread(target=lambda: (sent.append(deliveries.deliver_due()), connection.close()))
    sender.start()
    assert receiver.came.wait(10)
    mail = Digest.objects.create(user=make_user("ana"), not_before=timezone.now())
    mails.send_due()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("waiting", 0), "what hangs takes one place of the queue, not two"
    verb(hook)
    receiver.hold.set()
    sender.join(10)
    assert sent == [0], "and the round goes on"
    assert list(Delivery.objects.values_list("state", flat=True)) == left


def test_while_two_secrets_are_valid_both_sign(shop, hook, receiver):
    old = hook.secret()
    new = webhooks.rotate_secret(SYSTEM, hook)
    with pytest.raises(ConflictError, match="still valid"):
        webhooks.rotate_secret(SYSTEM, hook)
    hook.refresh_from_db()
    assert hook.secrets() == [new, old]
    assert hook.secrets(timezone.now() + timedelta(days=2)) == [new]
    webhooks.send_test(SYSTEM, hook)
    assert deliveries.deliver_due() == 1
    headers, body = receiver.got[0]
    signed = [sign(each, headers["webhook-id"], int(headers["webhook-timestamp"]), body) for each in (new, old)]
    assert headers["webhook-signature"].split() == signed


def test_with_another_secret_key_nothing_is_signed_wrongly(shop, hook, receiver, settings):
    settings.SECRET_KEY = "another-key-of-this-installation-0123456789-0123456789"
    webhooks.send_test(SYSTEM, hook)
    assert deliveries.deliver_due() == 0
    assert not receiver.got
    assert "rotate the secret" in Delivery.objects.get().last["said"]
    webhooks.rotate_secret(SYSTEM, hook)
    due_now()
    assert deliveries.deliver_due() == 1


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/x", "ftp://a.b", "http://u:p@a.b/", "http://a.b/?q=<", "x", ""]
)
def test_bad_addresses_are_refused(shop, url):
    with pytest.raises(ProblemError):
        webhooks.add_webhook(SYSTEM, shop, url, ["banner"])


def test_without_a_list_this_host_itself_is_not_called(shop, hook, receiver, settings):
    settings.WEBHOOK_HOSTS = []
    with pytest.raises(ProblemError, match="this host itself"):
        webhooks.add_webhook(SYSTEM, shop, receiver.url, ["banner"])
    webhooks.send_test(SYSTEM, hook)
    Webhook.objects.update(url=f"http://localhost:{receiver.port}/")
    assert deliveries.deliver_due() == 0
    assert not receiver.got
    assert webhooks.add_webhook(SYSTEM, shop, "https://hooks.example.org/a?key=1", ["banner"]).url.endswith("?key=1")


def test_only_managers_do_any_of_it(shop, hook):
    webhooks.send_test(SYSTEM, hook)
    olga, row = acting(make_operator(shop)), Delivery.objects.get()
    for verb in (
        lambda: webhooks.add_webhook(olga, shop, "https://a.b", ["banner"]),
        lambda: webhooks.change_webhook(olga, hook, "https://a.b", ["banner"]),
        lambda: webhooks.rotate_secret(olga, hook),
        lambda: webhooks.switch_webhook(olga, hook, on=False),
        lambda: webhooks.send_test(olga, hook),
        lambda: webhooks.send_again(olga, row),
        lambda: webhooks.remove_webhook(olga, hook),
    ):
        with pytest.raises(PermissionDenied):
            verb()
