"""A project's key names models on servers: what they would not take is refused when the project is made."""

import pytest
from django.db import DataError, IntegrityError, transaction

from labeling.keys import RULE, TAKEN, is_key
from labeling.models import Kind, Project
from labeling.problems import ConflictError, ProblemError
from labeling.services import create_project
from tests.factories import make_admin

REFUSED = ["-tickets", "_tickets", "", "two words", "tickets.v1", "m\u00e4rkte", "a/b", "a:b", "a\n", "k" * 81]


def make(key):
    asked = {"kind": Kind.MULTI_LABEL, "instruction": "Tag the ticket.", "labels": ["billing", "delivery"]}
    return create_project(make_admin(), key=key, name="Tickets", **asked)


@pytest.mark.parametrize("key", ["tickets", "Tickets", "7-of_9", "k" * 80])
def test_what_servers_take(key):
    assert is_key(key)


@pytest.mark.parametrize("key", REFUSED)
@pytest.mark.django_db
def test_what_servers_would_not_take_is_refused(key):
    assert not is_key(key)
    with pytest.raises(ProblemError) as refused:
        make(key)
    assert str(refused.value) == RULE


@pytest.mark.django_db
def test_keys_that_differ_by_case_alone_are_one():
    make("tickets")
    with pytest.raises(ConflictError) as refused:
        make("TICKETS")
    assert str(refused.value) == TAKEN


@pytest.mark.parametrize("key", ["TICKETS", *REFUSED])
@pytest.mark.django_db
def test_the_database_holds_it_as_well(key):
    make("tickets")
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Project.objects.create(key=key, name="x", kind=Kind.TEXT, instruction="x")


@pytest.mark.parametrize(("key", "sentence"), [("-tickets", RULE), ("_tickets", RULE), ("TICKETS", TAKEN)])
@pytest.mark.django_db
def test_the_form_says_the_same(key, sentence, client):
    make("tickets")
    client.force_login(make_admin("grace"))
    page = client.post("/admin/labeling/project/add/", {"key": key, "name": "x"})
    errors = page.context["adminform"].form.errors
    assert sentence in [each for messages in errors.values() for each in messages]
