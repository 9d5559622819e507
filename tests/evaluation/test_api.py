"""The REST of this floor: benchmarks, cases, reports, and judging again by scope."""

import pytest
from rest_framework.test import APIClient

from evaluation.models import Benchmark, GateReport
from evaluation.services import advance
from labeling.services import create_token
from tests.evaluation.worlds import make_standing, make_world, right_every, wrong
from tests.factories import SYSTEM, make_expert, make_operator, make_project

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/shop"


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def token_client(owner, project, *scopes) -> APIClient:
    _, secret = create_token(SYSTEM, owner, "test", [project], list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def shop(models):
    project = make_world(cases=40)
    make_standing(project, 0)
    models.answer(0, wrong)
    models.answer(1, right_every(2))
    advance(make_standing(project, 1).pk)
    return project


def test_benchmarks_with_their_figures(shop):
    client = token_client(make_operator(shop), shop, "read")
    rows = client.get(f"{API}/benchmarks").json()["results"]
    assert len(rows) == 4
    served = next(row for row in rows if (row["version"], row["decoding"]) == (1, "served"))
    assert (served["state"], served["cases"], served["server"]) == ("succeeded", 40, "server-shop")
    assert served["metrics"]["f1_micro"] == 0.5
    assert "id" not in served
    whole = client.get(f"{API}/benchmarks/{served['uid']}").json()
    assert whole == {**served, "neighbours": [], "below": "", "seeds": None}


def test_cases_come_in_order_page_by_page(shop):
    client = client_of(make_expert(shop))
    url = f"{API}/benchmarks/{Benchmark.objects.get(version__number=1, decoding='served').uid}/cases"
    first = client.get(f"{url}?page_size=25").json()
    second = client.get(first["next"]).json()
    found = first["results"] + second["results"]
    assert [row["position"] for row in found] == list(range(40))
    assert second["next"] is None
    assert set(found[0]) >= {"text", "expected", "answer", "raw", "status", "messages", "latency_ms", "sample", "exact"}
    assert len(client.get(f"{url}?show=wrong").json()["results"]) == 20
    assert len(client.get(f"{url}?show=differs").json()["results"]) == 20
    assert len(client.get(f"{url}?q=number 7").json()["results"]) == 1


def test_gate_reports_say_why(shop):
    client = client_of(make_expert(shop))
    (row,) = client.get(f"{API}/gate-reports").json()["results"]
    assert (row["version"], row["verdict"]) == (1, "passed")
    assert [check["name"] for check in row["checks"]] == ["cases", "minimum", "psr", "difference"]
    assert row["reference"] == str(GateReport.objects.get().reference.uid)
    assert client.get(f"{API}/gate-reports/{row['uid']}").json() == row | {"seeds": None, "effort": None}


def test_judging_again_needs_the_right_and_the_scope(shop, sent):
    operator = make_operator(shop)
    response = token_client(operator, shop, "operate").post(f"{API}/gate-reports", {"version": 1}, format="json")
    assert (response.status_code, response.json()) == (202, {"version": 1, "servers": ["server-shop"]})
    assert len(sent) == 1
    refused = token_client(operator, shop, "read").post(f"{API}/gate-reports", {"version": 1}, format="json")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert client_of(make_expert(shop)).post(f"{API}/gate-reports", {"version": 1}, format="json").status_code == 403
    unknown = client_of(operator).post(f"{API}/gate-reports", {"version": 9}, format="json")
    assert "Version 9 stands on no server of shop." in unknown.json()["detail"]
    assert client_of(operator).post(f"{API}/gate-reports", {}, format="json").status_code == 400


def test_strangers_find_nothing(shop):
    client = client_of(make_operator(make_project()))
    uid = Benchmark.objects.first().uid
    for path in ("benchmarks", f"benchmarks/{uid}", f"benchmarks/{uid}/cases", "gate-reports", "gains"):
        assert client.get(f"{API}/{path}").status_code == 404
        assert APIClient().get(f"{API}/{path}").status_code in {401, 403}
