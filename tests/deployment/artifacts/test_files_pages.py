"""A version's files and proofs as people and clients see them: page, buttons, API, admin."""

import pytest
from django.urls import reverse

from deployment.artifacts.retention import retain
from deployment.files import file_of
from deployment.models import BuildStep, ParityReport, ServingPolicy, VersionPin
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import acting, make_admin, make_expert, make_operator
from training.models import ModelVersion

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/versions/1/"


@pytest.fixture
def version(shop) -> ModelVersion:
    made = make_staged(shop, 1)
    row = made.artifacts.get()
    BuildStep.objects.create(artifact=row, name="convert", key="c1", state="done", reused=True, size_bytes=3_000_000)
    ParityReport.objects.create(
        version=made,
        artifact=row,
        question="tokens",
        ok=False,
        checked=9,
        agreed=4,
        trap="bos",
        sentence="5 of 9 prompts differ.",
        differences=[{"prompt": "Where is it?"}],
    )
    return made


def test_the_page_shows_steps_proofs_and_why_files_stay(version, client):
    client.force_login(make_expert(version.project))
    page = client.get(PAGE).content.decode()
    for fact in ("was there", "2.9", "5 of 9 prompts differ.", "4 of 9", "bos", "Where is it?", "nothing is live yet"):
        assert fact in page
    assert "only reported" in page  # by the stand-in: there is no evidence to compare with
    assert "pin-reason" not in page
    assert client.post(f"{PAGE}pin/", {"reason": "x"}).status_code == 403


def test_an_operator_pins_and_unpins(version, client):
    client.force_login(make_operator(version.project, "olga"))
    page = client.post(f"{PAGE}pin/", {"reason": "audit"}, follow=True).content.decode()
    assert "shop:v1 is kept." in page
    assert "Pinned by olga: audit" in page
    assert "Say why" in client.post(f"{PAGE}pin/", {"reason": ""}, follow=True).content.decode()
    client.post(f"{PAGE}unpin/")
    assert not VersionPin.objects.exists()


def test_a_removed_version_offers_its_rebuild(version, client):
    user = make_operator(version.project)
    promote(acting(user), version)
    promote(acting(user), make_staged(version.project, 2))
    ServingPolicy.objects.update(keep_previous=0, keep_days=0)
    assert retain() == [version]
    client.force_login(user)
    assert "were removed by the serving policy" in client.get(PAGE).content.decode()
    page = client.post(f"{PAGE}rebuild/", follow=True).content.decode()
    assert "shop:v1 is being built again." in page
    assert file_of(version).state == "waiting"
    assert "nothing to rebuild" in client.post(f"{PAGE}rebuild/", follow=True).content.decode()


def test_the_api_tells_the_proofs(version, client):
    client.force_login(make_expert(version.project))
    rows = client.get("/api/v1/projects/shop/versions/1").json()["parity"]
    assert [(row["question"], row["ok"], row["trap"], row["server"]) for row in rows] == [
        ("tokens", False, "bos", None),
        ("server", None, "", "standin"),
    ]


def test_the_admin_shows_evidence_and_pins_by_the_service(version, client):
    admin = make_admin("ada")
    client.force_login(admin)
    for name in ("artifact", "buildstep", "parityreport", "versionpin"):
        assert client.get(reverse(f"admin:deployment_{name}_changelist")).status_code == 200
    report = ParityReport.objects.first()
    assert client.post(reverse("admin:deployment_parityreport_delete", args=[report.pk])).status_code == 403
    url = reverse("admin:deployment_versionpin_add")
    client.post(url, {"version": version.pk, "reason": "audit"})
    row = VersionPin.objects.get()
    assert (row.user, row.reason) == (admin, "audit")
    client.post(reverse("admin:deployment_versionpin_delete", args=[row.pk]), {"post": "yes"})
    assert not VersionPin.objects.exists()


def test_the_admin_refuses_a_form_that_cannot_be_made(version, client):
    client.force_login(make_admin())
    policy = version.project.serving_policy
    url = reverse("admin:deployment_servingpolicy_change", args=[policy.pk])
    page = client.get(url).content.decode()
    assert '<option value="q4_k_m"' in page
    response = client.post(url, {"project": policy.project_id, "quantization": "q9"})
    assert "q9" in response.content.decode()
    policy.refresh_from_db()
    assert policy.quantization == "q8_0"
