"""News by mail: one for some minutes, tried again, and not for who may see them no more."""

from datetime import timedelta
from email.utils import parseaddr

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from labeling.models import Digest, Membership, User
from labeling.services import events
from labeling.services.news import mails, outbox
from tests.factories import SYSTEM, make_manager, make_operator, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mailing(settings, sent):
    settings.MAIL_IS_SET_UP, settings.PUBLIC_URL = True, "https://label.example.org"


@pytest.fixture
def shop():
    return make_project("shop")


def with_address(user: User) -> User:
    user.email = f"{user}@example.org"
    user.save()
    return user


def happen(project, verb: str) -> None:
    with transaction.atomic():
        events.record(SYSTEM, verb, project)


def test_what_comes_within_minutes_is_one_mail_and_links_lead_on(shop):
    olga = with_address(make_operator(shop, "olga"))
    for verb in ("finding.opened", "version.rolled_back", "run.failed"):
        happen(shop, verb)
    outbox.tell_all()
    assert mails.send_due() == 0, "it waits for more"
    Digest.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert (mails.send_due(), mails.send_due()) == (1, 0)
    assert len(mail.outbox) == 1
    letter = mail.outbox[0]
    assert parseaddr(letter.to[0])[1] == olga.email
    assert letter.subject == "Shop: 2 news", "a run's end is told in the page alone"
    assert "https://label.example.org/projects/shop/deployments/" in letter.body
    assert "https://label.example.org/account/notifications/" in letter.body
    assert "Rolled back" in letter.alternatives[0][0]
    happen(shop, "finding.gone")
    outbox.tell_all()
    assert Digest.objects.count() == 2, "what comes later is in another"


def test_a_mail_that_is_not_taken_is_tried_again_with_its_own_id(shop, settings):
    with_address(make_operator(shop))
    happen(shop, "finding.opened")
    outbox.tell_all()
    Digest.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert mails.send_due() == 0
    row = Digest.objects.get()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.not_before > timezone.now()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Digest.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert mails.send_due() == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{row.uid}@touchstone>"


def test_a_mail_that_cannot_be_written_holds_up_no_other(shop):
    bad, _ = with_address(make_operator(shop, "olga")), with_address(make_manager(shop, "mia"))
    User.objects.filter(pk=bad.pk).update(email="olga@example.org\nBcc: all@example.org")
    shop.name = "Shop\nand more"
    shop.save()
    happen(shop, "finding.opened")
    outbox.tell_all()
    Digest.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert mails.send_due() + mails.send_due() == 1
    assert mail.outbox[0].subject.startswith("Shop and more: A banner")
    assert Digest.objects.get(user=bad).state == "waiting"


def test_without_a_right_any_more_nothing_is_mailed(shop):
    olga = with_address(make_operator(shop))
    happen(shop, "finding.opened")
    outbox.tell_all()
    Membership.objects.filter(user=olga).delete()
    Digest.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    mails.send_due()
    assert mail.outbox == []
