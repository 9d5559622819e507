"""What every start sets up: the built-in server's row with its real address, and what a new project is served from."""

import pytest
from django.core.management import call_command

from deployment.models import InferenceServer, ServingPolicy
from deployment.servers.registration import built_in_server
from labeling import services as labeling
from tests.deployment.standins import make_server
from tests.factories import SYSTEM, make_admin
from training.models import BaseModel, RetrainPolicy

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(settings):
    """`manage.py set_up` with the built-in server at a port."""

    def start(port: int) -> None:
        settings.LOCAL_MODEL_SERVER_URL = f"http://127.0.0.1:{port}"
        call_command("set_up", verbosity=0)

    return start


def new_project(key="letters"):
    return labeling.create_project(
        SYSTEM, key=key, name=key, kind="single_label", instruction="Which one?", labels=["a", "b"]
    )


def test_a_start_makes_the_row_and_the_next_one_lets_it_follow(started):
    started(4001)
    row = InferenceServer.objects.get()
    assert (row.name, row.kind, row.url, row.is_active) == ("local", "local", "http://127.0.0.1:4001", True)
    InferenceServer.objects.update(name="mine", slots=9, failures=5, error="connection refused")
    started(4002)
    row = InferenceServer.objects.get()
    assert (row.name, row.slots, row.url, row.failures, row.error) == ("mine", 9, "http://127.0.0.1:4002", 0, "")
    assert BaseModel.objects.count() == 1


def test_a_server_that_is_switched_off_stays_off(started):
    started(4001)
    InferenceServer.objects.update(is_active=False)
    started(4002)
    assert not InferenceServer.objects.get().is_active


def test_a_name_that_is_taken_is_left_to_whom_it_belongs(started):
    make_server("http://elsewhere:1", name="local")
    started(4001)
    assert set(InferenceServer.objects.values_list("name", "url")) == {
        ("local", "http://elsewhere:1"),
        ("local-2", "http://127.0.0.1:4001"),
    }


def test_without_a_built_in_server_there_is_no_row(settings):
    settings.LOCAL_MODEL_SERVER_URL = ""
    assert built_in_server(SYSTEM) is None
    assert not InferenceServer.objects.exists()


def test_a_new_project_is_served_and_trained_without_a_visit_to_the_admin(started):
    started(4001)
    project = new_project()
    policy = ServingPolicy.objects.get(project=project)
    assert [server.name for server in policy.servers.all()] == ["local"]
    assert not policy.auto_promote
    retraining = RetrainPolicy.objects.get(project=project)
    assert (retraining.base.location, retraining.profile.name) == ("smollm2-135m-instruct", "developer")


def test_a_project_made_in_the_admin_gets_the_same(started, client):
    started(4001)
    client.force_login(make_admin())
    labels = {"labels": "a"}
    members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    fields = {"key": "post", "name": "Post", "kind": "single_label", "instruction": "Which?", "max_labels": 1}
    shares = {"train_share": 80, "validation_share": 10, "test_share": 10}
    texts = {"prompt_template": "{text}", "decoding": '{"temperature": 0}', "keep_api_texts": "on"}
    answer = client.post("/admin/labeling/project/add/", {**fields, **shares, **texts, **labels, **members})
    assert answer.status_code == 302, answer.context["errors"]
    assert ServingPolicy.objects.get().servers.get().name == "local"
    assert RetrainPolicy.objects.get().project.key == "post"


def test_the_only_server_is_chosen_and_of_several_none():
    make_server("http://one:1", name="one")
    assert [server.name for server in new_project("first").serving_policy.servers.all()] == ["one"]
    make_server("http://two:1", name="two")
    assert not new_project("second").serving_policy.servers.exists()


def test_where_the_shipped_base_is_not_listed_a_project_has_no_retrain_policy():
    assert not RetrainPolicy.objects.filter(project=new_project()).exists()


def test_the_built_in_servers_address_is_not_edited_in_the_admin(started, client):
    started(4001)
    client.force_login(make_admin())
    row = InferenceServer.objects.get()
    fields = {
        "name": "mine",
        "threads": 0,
        "slots": 2,
        "answer_seconds": 10,
        "memory_mb": 0,
        "max_loaded": 0,
        "url": "http://x:1",
    }
    client.post(f"/admin/deployment/inferenceserver/{row.pk}/change/", {**fields, "is_active": "on"})
    row.refresh_from_db()
    assert (row.name, row.url) == ("mine", "http://127.0.0.1:4001")
