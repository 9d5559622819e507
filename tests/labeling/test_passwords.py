"""A new password: by oneself, by an administrator's link, by mail, by the admin, by a command."""

import re

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from common.problems import ConflictError
from labeling import services
from labeling.models import Event, LoginCounter, User
from tests.factories import acting, make_admin, make_user
from tests.labeling.test_login import PASSWORD, log_in

pytestmark = pytest.mark.django_db
NEW = "a-new-pass-word"


@pytest.fixture
def ana() -> User:
    return make_user("ana", email="ana@example.org")


@pytest.fixture
def mailing(settings, sent):
    settings.MAIL_IS_SET_UP, settings.PUBLIC_URL = True, "https://label.example.org"
    return sent


def change(client: Client, old: str = PASSWORD, new: str = NEW, again: str = NEW):
    form = {"oldpassword": old, "password1": new, "password2": again}
    return client.post("/account/password/", form, follow=True)


def test_ones_own_password_is_changed_and_other_sessions_end(ana):
    own, other = Client(), Client()
    log_in(own)
    log_in(other)
    page = change(own)
    assert page.redirect_chain[-1][0] == "/account/"
    assert "Your password is changed" in page.text
    assert other.get("/account/").status_code == 302
    assert own.get("/account/").text.count("this one") == 1
    event = Event.objects.get(verb="user.password_changed")
    assert (event.actor_name, event.subject_uid, event.after) == ("ana", ana.uid, {"how": "own"})
    assert log_in(Client()).status_code == 200
    assert log_in(Client(), password=NEW).status_code == 302


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("8462950173", "entirely numeric"),
        ("password123", "too common"),
        ("short-1", "too short"),
        ("anastasia1", "too similar"),
    ],
)
def test_weak_passwords_are_refused(new, says):
    make_user("anastasia")
    client = Client()
    log_in(client, "anastasia")
    assert says in change(client, new=new, again=new).text
    assert User.objects.get(username="anastasia").check_password(PASSWORD)


def test_two_that_differ_and_a_wrong_old_one_are_refused(ana):
    client = Client()
    log_in(client)
    assert "same password each time" in change(client, again="another-word").text
    assert "not your current password" in change(client, old="wrong").text
    assert not Event.objects.filter(verb="user.password_changed").exists()


def link_from(page: str) -> str:
    found = re.search(r"http://testserver(/account/reset/[^<\s]+/)", page)
    assert found, page
    return found.group(1)


def make_link(client: Client, user: User, **more: str):
    form = {"action": "make_link", "_selected_action": [user.pk], **more}
    return client.post("/admin/labeling/user/", form, follow=True)


def set_by_link(client: Client, link: str, new: str = NEW):
    page = client.get(link, follow=True)
    if "opens nothing" in page.text:
        return page
    return client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new}, follow=True)


def test_an_administrators_link_works_once_and_is_shown_once(ana, client):
    client.force_login(make_admin("ada"))
    assert "It works once, for 24 hours" in make_link(client, ana).text
    link = link_from(make_link(client, ana, confirmed="1").text)
    assert "/account/reset/" not in client.get("/admin/labeling/user/").text
    event = Event.objects.get(verb="user.link_made")
    assert (event.actor_name, event.subject_uid) == ("ada", ana.uid)
    person = Client()
    log_in(person)  # the old password still holds
    link = link_from(make_link(client, ana, confirmed="1").text)
    stranger = Client()
    assert "Your new password holds" in set_by_link(stranger, link).text
    assert person.get("/account/").status_code == 302
    assert Event.objects.get(verb="user.password_changed").after == {"how": "link"}
    assert "opens nothing any more" in set_by_link(Client(), link, "yet-another-word").text
    assert log_in(stranger, password=NEW).status_code == 302


def test_a_link_gives_somebody_new_their_first_password(client):
    new = User(username="new")
    new.set_unusable_password()
    new.save()
    client.force_login(make_admin())
    link = link_from(make_link(client, new, confirmed="1").text)
    assert "too common" in set_by_link(Client(), link, "password123").text
    assert "Your new password holds" in set_by_link(Client(), link).text
    assert log_in(Client(), "new", NEW).status_code == 302


def test_a_link_ends_with_its_time_and_with_its_user(ana, client, settings):
    link = services.make_link(acting(make_admin()), ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert "opens nothing any more" in client.get(link).text
    User.objects.filter(pk=ana.pk).update(is_active=True)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "opens nothing any more" in client.get(link).text
    assert "opens nothing any more" in client.get("/account/reset/zzzzzzzzzzzzzzzzz-x/").text


def test_only_administrators_make_links_and_none_for_deactivated_people(ana, client):
    staff = make_user("sam", is_staff=True)
    with pytest.raises(PermissionDenied):
        services.make_link(acting(staff), ana)
    gone = make_user("gone", is_active=False)
    with pytest.raises(ConflictError, match="deactivated"):
        services.make_link(acting(make_admin("ada")), gone)
    client.force_login(User.objects.get(username="ada"))
    assert "gone is deactivated" in make_link(client, gone, confirmed="1").text


def test_without_mail_the_page_names_who_helps(ana, client):
    assert "Ask an administrator" in client.get("/account/reset/").text
    client.post("/account/reset/", {"email": "ana@example.org"})
    assert not Event.objects.filter(verb="user.reset_asked").exists()


def test_a_link_is_mailed_and_opens_the_page(ana, client, mailing):
    page = client.post("/account/reset/", {"email": "Ana@Example.org"}, follow=True)
    assert "Look into your mail" in page.text
    assert mailing == [("labeling.mail_links",)]
    assert services.mail_links() == 1
    assert services.mail_links() == 0
    (message,) = mail.outbox
    assert message.to == ["ana@example.org"]
    (link,) = re.findall(r"https://label\.example\.org(/account/reset/\S+)", message.body)
    assert "Your new password holds" in set_by_link(Client(), link).text
    told = Event.objects.filter(subject_uid=ana.uid).order_by("id").values_list("verb", flat=True)
    assert list(told) == ["user.reset_asked", "user.link_mailed", "user.password_changed"]


def test_the_page_does_not_tell_who_has_an_account(ana, client, mailing):
    make_user("gone", is_active=False, email="gone@example.org")
    answers = [client.post("/account/reset/", {"email": f"{name}@example.org"}) for name in ("ana", "nobody", "gone")]
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, "/account/reset/sent/")}
    assert len(mailing) == 3
    assert services.mail_links() == 1


def test_nobodys_mailbox_is_filled(ana, client, mailing):
    codes = [client.post("/account/reset/", {"email": "ana@example.org"}).status_code for _ in range(4)]
    assert codes == [302, 302, 302, 429]
    assert LoginCounter.objects.filter(kind="reset").count() == 1


def test_a_mail_that_could_not_be_sent_is_tried_again(ana, client, mailing, settings):
    client.post("/account/reset/", {"email": "ana@example.org"})
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert services.mail_links() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert services.mail_links() == 1


def test_the_admins_form_ends_the_persons_sessions(ana, client):
    person = Client()
    log_in(person)
    client.force_login(make_admin("ada"))
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    client.post(f"/admin/labeling/user/{ana.pk}/password/", form)
    event = Event.objects.get(verb="user.password_changed")
    assert (event.actor_name, event.after) == ("ada", {"how": "admin"})
    assert person.get("/account/").status_code == 302
    assert not services.sessions_of(ana)


def test_the_admin_has_no_page_of_its_own_for_ones_password(client):
    client.force_login(make_admin())
    assert client.get("/admin/password_change/").url == "/account/"


def test_the_command_asks_twice_and_tells(ana, monkeypatch, capsys):
    person = Client()
    log_in(person)
    for typed in (["one", "two"], ["1234567890", "1234567890"]):
        monkeypatch.setattr("getpass.getpass", lambda prompt, typed=typed: typed.pop(0))
        with pytest.raises(CommandError):
            call_command("changepassword", "ana")
    monkeypatch.setattr("getpass.getpass", lambda prompt: NEW)
    call_command("changepassword", "ana")
    event = Event.objects.get(verb="user.password_changed")
    assert (event.actor_name, event.after) == ("command changepassword", {"how": "command"})
    assert person.get("/account/").status_code == 302


def test_people_made_by_command_and_in_the_admin_are_told_of(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "1234567890")
    made = {"interactive": False, "username": "ada", "email": "ada@example.org"}
    with pytest.raises(CommandError, match="entirely numeric"):
        call_command("createsuperuser", **made)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", NEW)
    call_command("createsuperuser", **made)
    event = Event.objects.get(verb="user.created")
    assert (event.actor_name, event.after) == ("command createsuperuser", {"administrator": True})
    client.force_login(User.objects.get(username="ada"))
    form = {"username": "new", "password1": NEW, "password2": NEW, "usable_password": "true"}
    rows = {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    client.post("/admin/labeling/user/add/", form | rows)
    new = User.objects.get(username="new")
    assert Event.objects.get(verb="user.created", subject_uid=new.uid).actor_name == "ada"


def test_groups_are_told_of(client):
    client.force_login(make_admin("ada"))
    client.post("/admin/auth/group/add/", {"name": "curators"})
    group = Group.objects.get()
    client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "keepers"})
    assert "group.changed" in client.get(f"/admin/auth/group/{group.pk}/history/").text
    client.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    told = Event.objects.filter(subject_type="group").order_by("id").values_list("verb", flat=True)
    assert list(told) == ["group.created", "group.changed", "group.removed"]
