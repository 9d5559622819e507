"""A version that stands on no server says why, and leads to where that is mended."""

import pytest
from django.utils import timezone

from deployment.artifacts.placement import why_nowhere
from deployment.models import Artifact, InferenceServer, ServingPolicy, StagedVersion
from deployment.promotion.plan import plan_promotion
from tests.deployment.standins import make_server, make_staged, make_version, serve_from
from tests.factories import SYSTEM, make_admin, make_expert, make_project, make_sample, remade
from training.models import ModelVersion, WorkerHeartbeat
from training.services import freeze_rows, start_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    WorkerHeartbeat.objects.create(worker="build@here", queue="build", seen_at=timezone.now())


@pytest.fixture
def post(worker):
    """A project with a built version, and no serving policy."""
    project = make_project("post")
    make_version(project, 1)
    return project


def one(project) -> ModelVersion:
    return project.versions.get()


def serve(project, **fields) -> InferenceServer:
    server = make_server("http://127.0.0.1:1", name="box", **fields)
    serve_from(project, server)
    return server


def without_policy(project):
    return "has no serving policy", "/projects/post/settings/serving/"


def without_any_server(project):
    ServingPolicy.objects.create(project=project)
    return "no model server yet", "/admin/deployment/inferenceserver/add/"


def without_a_chosen_server(project):
    make_server("http://127.0.0.1:1", name="box")
    ServingPolicy.objects.create(project=project)
    return "names no server", "/projects/post/settings/serving/"


def with_an_inactive_server(project):
    server = serve(project, is_active=False)
    StagedVersion.objects.create(version=one(project), server=server, tag="t", state="staged")
    return "box is not active", f"/admin/deployment/inferenceserver/{server.pk}/change/"


def with_a_server_that_is_away(project):
    serve(project, error="probe: the server does not answer")
    return "box does not answer: probe: the server does not answer", "/servers/box/"


def with_a_failed_build(project):
    serve(project)
    Artifact.objects.update(state="failed", error="Traceback\nValueError: no such layer")
    return "Its build failed: ValueError: no such layer", "/projects/post/versions/1/"


def with_a_failed_staging(project):
    server = serve(project)
    StagedVersion.objects.create(version=one(project), server=server, tag="t", state="failed", error="400 bad file")
    return "box did not take it: 400 bad file", "/projects/post/versions/1/"


def with_files_removed(project):
    serve(project)
    Artifact.objects.update(state="removed", path="")
    return "were removed by the serving policy", "/projects/post/versions/1/"


CAUSES = [
    without_policy,
    without_any_server,
    without_a_chosen_server,
    with_an_inactive_server,
    with_a_server_that_is_away,
    with_a_failed_build,
    with_a_failed_staging,
    with_files_removed,
]


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_is_named_with_its_page(post, cause, client):
    sentence, href = cause(post)
    reason = why_nowhere(one(post))
    assert sentence in reason.sentence
    assert reason.href == href
    client.force_login(make_admin("ada"))
    for page in (
        "/projects/post/deployments/",
        "/projects/post/versions/1/",
        f"/admin/training/modelversion/{one(post).pk}/change/",
    ):
        content = client.get(page).content.decode()
        assert sentence in content, page
        assert f'href="{href}"' in content, page
    assert sentence in client.get("/api/v1/projects/post/versions/1").json()["nowhere"]
    assert sentence in plan_promotion(one(post)).obstacles[0]


def test_a_missing_worker_is_named(post):
    serve(post)
    assert why_nowhere(one(post)) is None, "it is on its way"
    WorkerHeartbeat.objects.all().delete()
    assert "No worker on the queue build is alive" in why_nowhere(one(post)).sentence
    Artifact.objects.update(state="waiting")
    assert "It waits to be built. No worker" in why_nowhere(one(post)).sentence


def test_where_it_stands_nothing_is_said(shop):
    assert why_nowhere(make_staged(shop, 1)) is None


@pytest.mark.parametrize(
    ("cause", "whom"), [(without_policy, "a manager of the project"), (without_any_server, "an administrator")]
)
def test_who_may_not_mend_it_is_sent_to_who_may(post, client, cause, whom):
    cause(post)
    client.force_login(make_expert(post))
    content = client.get("/projects/post/versions/1/").content.decode()
    assert f"Ask {whom}." in content
    assert "/admin/" not in content


def test_the_list_of_runs_says_it_too(post, client):
    base = one(post).base
    make_sample(post)
    rows = {split: [{"prompt": [], "completion": []}] for split in ("train", "validation")}
    run = start_run(SYSTEM, post, trigger="manual", base=base, snapshot=freeze_rows(SYSTEM, post, post.spec, rows))
    remade(ModelVersion.objects.get(), run=run)
    client.force_login(make_admin())
    content = client.get("/projects/post/runs/").content.decode()
    assert "On no server: The project has no serving policy" in content


def test_many_versions_cost_no_more_queries(post, django_assert_max_num_queries):
    from deployment.artifacts.placement import nowhere

    for number in range(2, 9):
        make_version(post, number)
    serve(post)
    versions = list(ModelVersion.objects.select_related("project", "base"))
    with django_assert_max_num_queries(8):
        nowhere(post, versions)
