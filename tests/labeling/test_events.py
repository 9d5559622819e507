"""What happened is written beside it: by whom, about what, without a text, and for good."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test import Client

from common.request_id import request_id
from labeling import services
from labeling.access import Right, may, require
from labeling.models import Event, Project, Role
from labeling.services import create_token, events
from tests.factories import (
    SYSTEM,
    acting,
    acting_through,
    make_admin,
    make_expert,
    make_manager,
    make_project,
    make_sample,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


def test_a_decision_names_who_and_what_and_its_ids(project):
    ana, sample = make_expert(project, "ana"), make_sample(project)
    review = services.decide(acting(ana), sample, ["praise"])
    event = Event.objects.get(verb="sample.corrected")
    assert (event.actor_kind, event.actor_name, event.user_id) == ("person", "ana", ana.pk)
    assert (event.subject_type, event.subject_uid, event.project_key) == ("sample", sample.uid, "shop")
    assert event.after == {"review": str(review.uid), "prediction": None, "state": "golden"}


def test_a_token_acts_in_its_own_name_with_its_owner_beside_it(project):
    mia = make_manager(project, "mia")
    token, _ = create_token(SYSTEM, mia, "importer", [project], ["import"])
    text = services.NewText("Where is it?")
    services.create_samples(acting_through(token), project, [text], may_approve=False)
    event = Event.objects.get(verb="samples.added")
    assert (event.actor_kind, event.actor_name, event.token_id, event.user_id) == (
        "token",
        "importer",
        token.pk,
        mia.pk,
    )


def test_a_token_may_what_both_its_scopes_and_its_owner_may(project):
    mia = make_manager(project, "mia")
    token, _ = create_token(SYSTEM, mia, "importer", [project], ["import"])
    assert may(acting_through(token), project, Right.IMPORT)
    assert not may(acting_through(token), project, Right.MANAGE)
    assert not may(acting_through(token), make_project("other"), Right.IMPORT)
    services.remove_member(SYSTEM, project, mia.memberships.get())
    assert not may(acting_through(token), project, Right.IMPORT)


@pytest.mark.parametrize("right", list(Right))
def test_nobody_is_not_the_system(project, right):
    require(SYSTEM, project, right)
    with pytest.raises(TypeError, match="An actor is needed"):
        require(None, project, right)


def test_what_is_refused_leaves_no_event(project):
    with pytest.raises(PermissionDenied):
        services.set_role(acting(make_expert(project)), project, "ana", Role.EXPERT)
    assert not Event.objects.filter(verb="member.set").exists()


@pytest.mark.parametrize(
    "value", ["Where is my parcel?", ["one", "two words"], {"deep": {"er": "my card"}}, "x" * 201, "a\nb"]
)
def test_of_texts_only_a_digest_is_kept(project, value):
    kept = events.record(SYSTEM, "project.changed", project, after={"value": value})
    kept.refresh_from_db()
    told = json.dumps(kept.after)
    assert "sha256:" in told
    assert not any(word in told for word in ("parcel", "two words", "my card", "xxx", "a\\nb"))


def test_ids_numbers_states_and_digests_are_kept(project):
    after = {"uid": project.uid, "digest": "sha256:" + "0" * 64, "number": 7, "share": 0.5, "ok": None, "all": ["a:v7"]}
    kept = events.record(SYSTEM, "project.changed", project, after=after)
    kept.refresh_from_db()
    assert kept.after == {**after, "uid": str(project.uid)}


def test_an_unknown_verb_is_refused(project):
    with pytest.raises(ValueError, match=r"labeling/verbs\.py"):
        events.record(SYSTEM, "project.exploded", project)


def test_the_database_lets_nobody_edit_or_delete_one(project):
    event = events.record(SYSTEM, "project.changed", project)
    for statement in ("UPDATE labeling_event SET actor_name = 'ben'", "DELETE FROM labeling_event"):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            connection.cursor().execute(statement)
    assert Event.objects.filter(pk=event.pk, actor_name="test").exists()


def test_events_outlive_their_project():
    project = services.create_project(SYSTEM, key="gone", name="Gone", kind="text", instruction="Answer.")
    made = Event.objects.get(verb="project.created")
    project.specs.all().delete()
    Project.objects.filter(pk=project.pk).delete()
    made.refresh_from_db()
    assert (made.project_key, made.subject_uid) == ("gone", project.uid)


def test_an_import_is_two_events_however_many_rows_it_has(project, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"text": f"Text {'x' * n}"}) + "\n" for n in range(1, 1500)))
    services.import_file(SYSTEM, project, path, {})
    told = Event.objects.exclude(verb__startswith="training_profile").order_by("id")
    assert list(told.values_list("verb", flat=True)) == ["import.queued", "import.finished"]
    assert told.last().after["rows_read"] == 1499


def test_the_request_is_named(project, client: Client):
    ben = make_manager(project, "ben")
    client.force_login(ben)
    sample = make_sample(project)
    url = f"/projects/shop/samples/{sample.uid}/withdraw/"
    client.post(url, {"reason": "A joke."}, headers={"X-Request-ID": "abc-1"})
    assert Event.objects.get(verb="sample.withdrawn").request_id == "abc-1"
    assert request_id.get() == "-"


def test_the_admins_forms_are_told_of_too(client):
    client.force_login(make_admin("ada"))
    form = {"name": "mini", "description": "", "config": '{"max_steps": 60}'}
    client.post("/admin/training/trainingprofile/add/", form)
    event = Event.objects.get(verb="training_profile.created", actor_name="ada")
    assert "name" in event.after["fields"]
