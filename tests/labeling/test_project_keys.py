"""A project's key names models on servers: what they would not take is refused when the project is made."""

import pytest
from django.db import DataError, IntegrityError, transaction

from common.problems import ConflictError, ProblemError
from labeling.keys import RULE, TAKEN
from labeling.models import Project
from labeling.services import create_project
from tests.factories import acting, make_admin
from tests.labeling.test_keys import REFUSED


def make(key):
    asked = {"kind": "multi_label", "instruction": "Tag the ticket.", "labels": ["billing", "delivery"]}
    return create_project(acting(make_admin()), key=key, name="Tickets", **asked)


@pytest.mark.parametrize("key", REFUSED)
@pytest.mark.django_db
def test_what_servers_would_not_take_is_refused(key):
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
        Project.objects.create(key=key, name="x", kind="text", instruction="x")


@pytest.mark.parametrize(("key", "sentence"), [("-tickets", RULE), ("_tickets", RULE), ("TICKETS", TAKEN)])
@pytest.mark.django_db
def test_the_form_says_the_same(key, sentence, client):
    make("tickets")
    client.force_login(make_admin("grace"))
    page = client.post("/admin/labeling/project/add/", {"key": key, "name": "x"})
    errors = page.context["adminform"].form.errors
    assert sentence in [each for messages in errors.values() for each in messages]
