"""No page of the admin names a project to staff who have no role in it, whatever their permissions."""

import pytest
from django.utils import timezone

from deployment.models import Deployment, Finding, InferenceServer, ParityReport, StagedVersion
from tests.deployment.standins import make_version, serve_from
from tests.factories import make_sample
from tests.training.helpers import make_policy, make_run
from tests.walk import World, ask

pytestmark = pytest.mark.django_db
NAME = "faraway"


@pytest.fixture
def world(settings, monkeypatch) -> World:
    """With rows of the other project that hang on servers, bases and people of this one."""
    monkeypatch.setattr("config.api.CallerThrottle.allow_request", lambda *args: True)
    world, server = World(), InferenceServer.objects.get(name="box")
    other = world.other
    make_sample(other)
    serve_from(other, server)
    version = make_version(other, 1)
    StagedVersion.objects.create(
        version=version, artifact=version.artifacts.get(), server=server, tag=f"{NAME}:v1", state="staged"
    )
    Deployment.objects.create(
        project=other, version=version, action="promote", state="live", live_at=timezone.now(), actor=None
    )
    Finding.objects.create(project=other, server=server, version=version, kind="alias", sentence="It leads away.")
    ParityReport.objects.create(version=version, server=server, question="tokens", checked=1, agreed=1)
    run = make_run(other, "running")
    profile = make_policy(other, base=run.base).profile
    profile.name = "second"
    profile.save()
    other.memberships.create(user=world.people["expert"], role="expert")
    return world


@pytest.mark.parametrize("role", ["staff", "staff:manager"])
def test_no_page_of_the_admin_names_a_foreign_project(world, role):
    client, wrong = world.client(role), []
    for route in world.routes():
        if route.pattern.startswith("admin/"):
            page = ask(client, "GET", route.url)
            if NAME in page.text.lower():
                wrong.append(route.pattern)
    assert not wrong, "\n".join(wrong)
