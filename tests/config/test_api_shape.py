"""The shape of the API, the same at every door: problems, addresses, names that are known, figures with a sense."""

import json

import pytest
from django.conf import settings
from django.test.utils import override_script_prefix
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient
from rest_framework.views import APIView

from common.rest import rounded
from config import errors
from config.api_root import doors
from config.urls import urlpatterns
from labeling.models import Scope
from labeling.rest import Door
from labeling.services import create_token
from tests.deployment.standins import make_server
from tests.factories import SYSTEM, make_admin, make_manager, make_project, make_sample
from tests.training.helpers import make_run

pytestmark = pytest.mark.django_db
API = "/api/v1"
UID = "9c3a4f0e-0c2a-4b55-9d8e-111111111111"


def broken(request):
    raise RuntimeError("a fault of ours")


urlpatterns = [path("api/v1/broken", broken), *urlpatterns]
handler500 = errors.server_error


@pytest.fixture
def client():
    found = APIClient(raise_request_exception=False)
    found.force_login(make_manager(make_project("shop")))
    return found


def address(pattern):
    """An address of the pattern, in the project `shop`."""
    told = {"key": "shop", "uid": UID, "number": "1", "name": "local", "split": "train", "username": "olga"}
    for name, value in told.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return f"/{pattern}"


def is_problem(answer, status):
    body = json.loads(answer.content)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (body["status"], bool(body["title"]), bool(body["detail"])) == (status, True, True)
    return body


@pytest.mark.parametrize(
    "asked", ["/api/", "/api/v2", "/api/v1/", "/api/v1/nothing", "/api/v1/nothing/", "/api/v1/projects/shop/%0A/x"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address_is_a_problem(client, asked, method):
    answer = getattr(client, method)(asked)
    if asked == "/api/v1/":
        assert (answer.status_code, answer["Location"]) == (308, "/api/v1")
    else:
        is_problem(answer, 404)


@pytest.mark.urls(__name__)
def test_a_fault_of_ours_is_a_problem(client):
    assert "X-Request-ID" in is_problem(client.get("/api/v1/broken"), 500)["detail"]


def test_other_failures_are_problems_too(client):
    is_problem(client.put(f"{API}/projects"), 405)
    is_problem(client.get(f"{API}/projects", HTTP_HOST="evil.example"), 400)
    is_problem(client.post(f"{API}/projects/shop/samples", "x", content_type="text/plain"), 415)
    is_problem(client.get(f"{API}/projects", HTTP_ACCEPT="text/html"), 406)
    is_problem(client.get(f"{API}/schema", HTTP_ACCEPT="text/html"), 406)
    strict = APIClient(enforce_csrf_checks=True)
    strict.force_login(make_admin())
    is_problem(strict.post(f"{API}/projects/shop/samples", {"text": "x"}, format="json"), 403)
    is_problem(APIClient().get(f"{API}/projects"), 401)


def test_an_address_with_a_slash_leads_to_the_one_without(client):
    for asked in ("projects/", "projects/shop/", "servers/", "schema/", "docs/"):
        answer = client.get(f"{API}/{asked}?page_size=1")
        assert (answer.status_code, answer["Location"]) == (308, f"{API}/{asked.rstrip('/')}?page_size=1")
    answer = client.post(f"{API}/projects/shop/samples/", {"text": "Hello"}, format="json", follow=True)
    assert (answer.status_code, answer.json()["created"]) == (201, 1)


def test_every_view_goes_through_the_door():
    views = {callback.cls for _, callback in _callbacks() if issubclass(getattr(callback, "cls", object), APIView)}
    assert {view.__name__ for view in views if not issubclass(view, Door)} == {"SpectacularJSONAPIView"}


def _callbacks():
    from django.urls import get_resolver

    from config.api_root import _addresses

    return _addresses(get_resolver().url_patterns, "")


@pytest.mark.parametrize(("pattern", "view"), doors(), ids=[pattern for pattern, _ in doors()])
def test_an_unknown_parameter_is_refused_at_every_door(client, pattern, view):
    for method in ("get", "post", "put", "patch", "delete"):
        if hasattr(view, method):
            answer = getattr(client, method)(f"{address(pattern)}?spilt=train")
            assert list(is_problem(answer, 400)["errors"]) == ["spilt"]


POSTS = [pattern for pattern, view in doors() if hasattr(view, "post")]


@pytest.mark.parametrize("pattern", POSTS)
def test_every_post_looks_at_its_key_before_it_does_anything(pattern):
    project = make_project("shop")
    make_server("http://127.0.0.1:9", name="local")
    uid = {"samples": make_sample(project).uid, "labels": project.labels.first().uid, "runs": UID}
    if "/runs/" in pattern:
        uid["runs"] = make_run(project).uid
    kind = pattern.split("/")[4] if "{uid}" in pattern and "{key}" in pattern else ""
    client = APIClient()
    client.force_login(make_admin())
    asked = address(pattern).replace(UID, str(uid.get(kind, UID)))
    answer = client.post(asked, {}, format="json", HTTP_IDEMPOTENCY_KEY="")
    assert list(is_problem(answer, 400)["errors"]) == ["Idempotency-Key"]


def test_wrong_values_of_parameters_are_refused(client):
    for asked in ("page_size=0", "page_size=501", "page_size=x", "cursor=x", "cursor=cD1hYmM=", "state=gone"):
        body = is_problem(client.get(f"{API}/projects/shop/samples?{asked}"), 400)
        assert list(body["errors"]) == [asked.partition("=")[0]]
    body = is_problem(client.get(f"{API}/projects/shop/samples?state=golden&state=pending"), 400)
    assert body["errors"] == {"state": ["Say it once."]}
    is_problem(client.get(f"{API}/projects/shop/events?until=9999-12-31"), 400)


def test_unknown_fields_and_other_types_are_refused_by_their_names(client):
    said = is_problem(client.post(f"{API}/projects/shop/rollback", {"to": 2, "reason": "x"}, format="json"), 400)
    assert said["errors"] == {"to": ["There is no such field. Known: version, reason, may_evict."]}
    for body in ({"version": "2"}, {"version": True}, {"version": 1, "may_evict": "yes"}, {"version": 1, "reason": 7}):
        said = is_problem(client.post(f"{API}/projects/shop/promote", body, format="json"), 400)
        assert len(said["errors"]) == 1
    nested = {"samples": [{"text": "a"}, {"text": "b", "id": 1}]}
    assert "id" in str(is_problem(client.post(f"{API}/projects/shop/samples", nested, format="json"), 400)["errors"])
    for text in ("a\x00b", "half \ud800 pair"):
        raw = json.dumps({"text": text})
        is_problem(client.post(f"{API}/projects/shop/samples", raw, content_type="application/json"), 400)


def test_a_thousand_long_texts_are_taken_at_once(client):
    texts = [{"text": f"{number} " + "x" * 6_000} for number in range(1_000)]
    answer = client.post(f"{API}/projects/shop/samples", {"samples": texts}, format="json")
    assert (answer.status_code, answer.json()["created"]) == (201, 1_000)


def test_every_limit_is_in_the_description():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = schema["components"]["schemas"]
    samples = shapes["NewSamples"]["properties"]["samples"]
    assert (samples["minItems"], samples["maxItems"]) == (1, 1_000)
    assert shapes["Labels"]["properties"]["labels"]["maxItems"] == 5_000
    assert shapes["BatchRequest"]["properties"]["texts"]["maxItems"] == 100
    posted = schema["paths"]["/api/v1/projects/{key}/samples"]["post"]
    assert f"{settings.API_MAX_BODY_BYTES:,} bytes" in posted["description"]
    assert {"400", "401", "403", "404", "409", "413", "415", "422", "default"} <= set(posted["responses"])
    for address, methods in schema["paths"].items():
        assert not address.endswith("/")
        for method, operation in methods.items():
            names = {each["name"] for each in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) is (method == "post"), address
    assert "What a request may hold" not in str(schema)


def test_the_root_lists_all_resources(client):
    body = client.get(API).json()
    listed = {row["path"]: row["methods"] for row in body["resources"]}
    assert listed["/api/v1/projects/{key}/samples"] == ["GET", "POST"]
    assert len(listed) == len(doors())
    assert (body["schema"], body["health"]) == ("/api/v1/schema", "/api/v1/health")
    assert all(row["summary"] for row in body["resources"])


def test_a_prefix_stays_in_front(client):
    with override_script_prefix("/label/"):
        body = client.get(API, SCRIPT_NAME="/label").json()
    assert body["schema"] == "/label/api/v1/schema"
    assert body["resources"][0]["path"].startswith("/label/api/v1")
    assert client.get(f"{API}/projects/", SCRIPT_NAME="/label")["Location"] == "/label/api/v1/projects"
    is_problem(client.get("/api/nothing", SCRIPT_NAME="/label"), 404)


def token_client(owner, project, *scopes):
    _, secret = create_token(SYSTEM, owner, "test", [project], list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.mark.parametrize("scope", Scope.values)
def test_a_token_looks_after_servers_with_the_scope_and_its_owners_permission(scope):
    project = make_project("shop")
    allowed = token_client(make_admin(), project, scope).get(f"{API}/servers").status_code
    assert allowed == (200 if scope == "servers" else 403)
    is_problem(token_client(make_manager(project), project, scope).get(f"{API}/servers"), 403)


@pytest.mark.parametrize("scope", Scope.values)
def test_health_names_what_is_live_in_the_projects_of_the_token(scope):
    project = make_project("shop")
    make_project("other")
    body = token_client(make_admin(), project, scope).get(f"{API}/health").json()
    (row,) = body["projects"]
    assert (body["ok"], row["project"], row["version"], row["model"]) == (True, "shop", None, None)
    assert "Nothing is live in shop yet" in row["problem"]


def test_health_is_of_projects_where_the_owner_still_has_a_role():
    project = make_project("shop")
    owner = make_manager(project)
    client = token_client(owner, project, "servers")
    assert [row["project"] for row in client.get(f"{API}/health").json()["projects"]] == ["shop"]
    owner.memberships.all().delete()
    assert client.get(f"{API}/health").json()["projects"] == []


def test_figures_are_rounded_and_never_beyond_json():
    figures = {"f1": 0.123456789, "ms": 123456.789, "lr": 0.0000123456, "n": 3, "bad": [float("nan"), float("inf")]}
    assert rounded(figures) == {"f1": 0.1235, "ms": 123456.8, "lr": 0.00001235, "n": 3, "bad": [None, None]}
    assert rounded(0.0) == 0.0


@pytest.mark.parametrize("scopes", [["import", "manage"], ["import", "manage", "read"]])
def test_the_description_tells_a_receipt_from_a_sample(scopes):
    """Of the two shapes of an answer exactly one is its own."""
    project = make_project("shop")
    client = token_client(make_manager(project), project, *scopes)
    described = client.get(f"{API}/schema").json()
    url = f"{API}/projects/shop/samples"
    added = client.post(url, {"text": "Where is it?"}, format="json").json()
    sample = f"{url}/{added['samples'][0]['uid']}/withdraw"
    withdrawn = client.post(sample, {"reason": "asked"}, format="json").json()
    for name, answer in (("SamplesAdded", added), ("SampleShown", withdrawn)):
        whole = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        Draft202012Validator(whole).validate(answer)
