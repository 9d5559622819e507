"""The REST of this floor: runs, events, snapshots, versions; scopes and refusals."""

import uuid

import pytest
from rest_framework.test import APIClient

from labeling.services import create_token
from tests.factories import SYSTEM, make_expert, make_operator, make_project
from tests.training.helpers import add_events, make_golden, make_policy, make_run
from training.models import BaseModel, TrainingRun
from training.services import create_baseline, freeze_snapshot

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/shop"


def client_of(owner, project, *scopes) -> APIClient:
    _, secret = create_token(SYSTEM, owner, "test", [project], list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def api(shop) -> APIClient:
    return client_of(make_operator(shop, "olga"), shop, "operate", "read")


def test_a_run_is_started_watched_and_cancelled(api, shop):
    make_policy(shop)
    make_golden(shop, 3)
    answer = api.post(f"{API}/runs", {"overrides": {"max_steps": 7}}, format="json")
    run = answer.json()
    assert answer.status_code == 201
    assert (run["state"], run["trigger"], run["requested_by"], run["version"]) == ("queued", "api", "olga", None)
    assert run["config"]["max_steps"] == 7
    assert api.get(f"{API}/runs").json()["results"][0]["uid"] == run["uid"]
    assert api.get(f"{API}/runs/{run['uid']}").json()["base"] == "some-base"
    assert api.post(f"{API}/runs/{run['uid']}/cancel").json()["state"] == "cancelled"
    answer = api.post(f"{API}/runs/{run['uid']}/cancel")
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "application/problem+json")


def test_a_run_on_a_chosen_snapshot_base_and_profile(api, shop):
    make_policy(shop)
    make_golden(shop, 2)
    snapshot = freeze_snapshot(SYSTEM, shop)
    make_golden(shop, 2)
    asked = {"snapshot": str(snapshot.uid), "base": "some-base", "profile": "developer"}
    run = api.post(f"{API}/runs", asked, format="json").json()
    assert (run["snapshot"], run["profile"], run["config"]["min_updates"]) == (str(snapshot.uid), "developer", 120)
    asked["snapshot"] = str(uuid.uuid4())
    assert api.post(f"{API}/runs", asked, format="json").status_code == 404


def test_what_cannot_be_started_is_explained(api, shop):
    make_golden(shop, 1)
    assert "No base model" in api.post(f"{API}/runs", {}, format="json").json()["detail"]
    make_policy(shop)
    answer = api.post(f"{API}/runs", {"overrides": {"max_stepz": 1}}, format="json")
    assert (answer.status_code, "max_stepz" in answer.json()["detail"]) == (400, True)
    assert "overrides" in api.post(f"{API}/runs", {"overrides": [1]}, format="json").json()["errors"]
    assert "base" in api.post(f"{API}/runs", {"base": "unknown"}, format="json").json()["errors"]
    assert not TrainingRun.objects.exists()


def test_events_come_oldest_first_in_pages(api, shop):
    run = make_run(shop, "running")
    add_events(run, 5)
    page = api.get(f"{API}/runs/{run.uid}/events", {"page_size": 4}).json()
    assert [event["seq"] for event in page["results"]] == [1, 2, 3, 4]
    assert page["results"][1] | {"at": None} == {
        "seq": 2, "kind": "step", "at": None, "payload": {"step": 1, "loss": 3.0, "total_steps": 10},
    }  # fmt: skip
    assert [event["seq"] for event in api.get(page["next"]).json()["results"]] == [5, 6]


def test_snapshots_and_versions(api, shop):
    run = make_run(shop)
    create_baseline(SYSTEM, shop, run.base)
    (version,) = api.get(f"{API}/versions").json()["results"]
    assert (version["model"], version["version"], version["run"], version["snapshot"]) == ("shop:v0", 0, None, None)
    (snapshot,) = api.get(f"{API}/snapshots").json()["results"]
    assert snapshot == api.get(f"{API}/snapshots/{run.snapshot.uid}").json()
    assert (snapshot["digest"], snapshot["train_rows"]) == (run.snapshot.digest, 2)


def test_a_bare_base_becomes_version_0_once(api, shop):
    base = BaseModel.objects.create(name="tiny", location="tiny")
    BaseModel.objects.create(name="elsewhere", location="m:1b", server_name="m:1b")
    assert api.post(f"{API}/versions", {"base": "elsewhere"}, format="json").status_code == 400
    made = api.post(f"{API}/versions", {"base": "tiny"}, format="json")
    assert (made.status_code, made.json()["version"], made.json()["base"]) == (201, 0, base.name)
    again = api.post(f"{API}/versions", {"base": "tiny"}, format="json")
    assert again.status_code == 409
    assert "shop:v0 is the baseline" in again.json()["detail"]


@pytest.mark.parametrize("scopes", [["read"], ["predict"]])
def test_a_token_without_the_scope_starts_and_cancels_nothing(shop, scopes):
    run = make_run(shop)
    api = client_of(make_operator(shop), shop, *scopes)
    assert api.post(f"{API}/runs", {}, format="json").status_code == 403
    assert api.post(f"{API}/runs/{run.uid}/cancel").status_code == 403
    assert api.post(f"{API}/versions", {"base": run.base.name}, format="json").status_code == 403
    assert TrainingRun.objects.get().state == "queued"


def test_an_expert_reads_and_a_stranger_does_not(shop):
    run = make_run(shop)
    expert = client_of(make_expert(shop), shop, "read", "operate")
    assert expert.get(f"{API}/runs/{run.uid}").status_code == 200
    assert expert.post(f"{API}/runs", {}, format="json").status_code == 403
    other = make_project("elsewhere")
    stranger = client_of(make_operator(other), other, "read", "operate")
    for path in ("runs", f"runs/{run.uid}", f"runs/{run.uid}/events", "snapshots", "versions"):
        assert stranger.get(f"{API}/{path}").status_code == 404
        assert APIClient().get(f"{API}/{path}").status_code in {401, 403}
    assert stranger.get(f"/api/v1/projects/elsewhere/runs/{run.uid}").status_code == 404


def test_lists_cost_the_same_for_many_rows(api, shop, django_assert_max_num_queries):
    for _ in range(8):
        make_run(shop)
    with django_assert_max_num_queries(8):
        assert len(api.get(f"{API}/runs").json()["results"]) == 8


def test_files_of_a_snapshot_are_for_operators(api, shop):
    make_golden(shop, 3)
    snapshot = freeze_snapshot(SYSTEM, shop)
    url = f"{API}/snapshots/{snapshot.uid}/files"
    assert {row["split"]: row["rows"] for row in api.get(url).json()}["train"] == snapshot.train_rows
    file = api.get(f"{url}/train")
    assert (file["Content-Type"], len(b"".join(file).splitlines())) == ("application/jsonl", snapshot.train_rows)
    assert api.get(f"{url}/secret").status_code == 404
    expert = client_of(make_expert(shop), shop, "read", "operate")
    assert (expert.get(url).status_code, expert.get(f"{url}/train").status_code) == (200, 403)


def test_runs_are_narrowed_and_say_where_they_are(api, shop):
    make_policy(shop)
    make_golden(shop, 3)
    made = api.post(f"{API}/runs", {}, format="json")
    assert api.get(made["Location"]).json()["uid"] == made.json()["uid"]
    counts = [len(api.get(f"{API}/runs?{asked}").json()["results"]) for asked in ("state=queued", "state=failed")]
    assert counts == [1, 0]
    assert api.get(f"{API}/runs?state=gone").status_code == 400
    assert [row["name"] for row in api.get(f"{API}/profiles").json()["results"]]
