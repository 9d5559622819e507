"""Retention: what a project keeps, what it lets go on servers and disk, pins, and the way back."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied

from common.locks import held
from common.problems import ConflictError, ProblemError
from deployment.artifacts.pipeline import store
from deployment.artifacts.rebuilding import rebuild
from deployment.artifacts.retention import disk_use, keeping, pin, retain, unpin
from deployment.artifacts.staging import stage
from deployment.files import artifact_of, file_of
from deployment.models import BuildStep, Deployment, ServingPolicy, StagedVersion, VersionPin
from deployment.promotion.plan import plan_promotion
from deployment.sweep import due_stagings
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged, make_version
from tests.factories import acting, make_expert, make_operator
from training.models import ModelVersion


@pytest.fixture
def served(shop, settings, tmp_path):
    """Versions 1 to 3, the third live, and a policy that keeps only the one before."""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    ServingPolicy.objects.filter(project=shop).update(keep_previous=1, keep_days=0)
    user = make_operator(shop, "olga")
    for number in (1, 2, 3):
        promote(acting(user), make_staged(shop, number))
    return shop


def version(project, number: int) -> ModelVersion:
    return ModelVersion.objects.select_related("project").get(project=project, number=number)


@pytest.mark.django_db
def test_an_old_version_leaves_servers_and_disk_and_keeps_its_rows(served, standin):
    old = version(served, 1)
    file = Path(settings.ARTIFACTS_DIR) / file_of(old).artifact.path
    assert retain() == [old]
    assert not file.exists()
    assert set(standin.models()) == {
        "models.invalid/touchstone/shop:v2",
        "models.invalid/touchstone/shop:v3",
        "shop:latest",
    }
    row = StagedVersion.objects.get(version=old)
    assert (row.state, row.error, row.verdict) == ("removed", "", "passed")
    kept = file_of(old)
    assert (kept.artifact.path, kept.bytes is not None, kept.state) == ("", True, "removed")
    assert due_stagings(served.serving_policy) == []
    assert retain() == []
    (obstacle,) = plan_promotion(old).obstacles
    assert "were removed by the serving policy's retention. Rebuild it" in obstacle
    assert Deployment.objects.filter(version=old).exists()


@pytest.mark.django_db
def test_a_server_that_is_away_is_cleared_when_it_is_back(served, standin):
    standin.fail("/api/delete", times=1)
    assert retain() == [version(served, 1)]
    row = StagedVersion.objects.get(version__number=1)
    assert row.state == "removed"
    assert row.error.startswith("Still on the server")
    retain()
    row.refresh_from_db()
    assert row.error == ""
    assert "models.invalid/touchstone/shop:v1" not in standin.models()


@pytest.mark.django_db
def test_a_pin_keeps_and_unpin_lets_go(served):
    user, old = make_operator(served), version(served, 1)
    with pytest.raises(PermissionDenied):
        pin(acting(make_expert(served)), old, "I like it")
    with pytest.raises(ProblemError, match="why"):
        pin(acting(user), old, " ")
    pin(acting(user), old, "audit")
    pin(acting(user), old, "audit until May")
    assert VersionPin.objects.get().reason == "audit until May"
    assert keeping(served) == {1: "pinned: audit until May", 2: "one of the 1 live before", 3: "live"}
    assert retain() == []
    unpin(acting(user), old)
    assert retain() == [old]


@pytest.mark.django_db
def test_a_removed_version_is_rebuilt_and_staged_under_its_tag(served, standin):
    user, old = make_operator(served), version(served, 1)
    with pytest.raises(ConflictError, match="nothing to rebuild"):
        rebuild(acting(user), old)
    retain()
    with pytest.raises(PermissionDenied):
        rebuild(acting(make_expert(served)), old)
    rebuild(acting(user), old)
    row = StagedVersion.objects.get(version=old)
    assert (file_of(old).state, row.state, row.attempts) == ("waiting", "waiting", 0)
    stage(row.pk)
    row.refresh_from_db()
    assert row.state == "waiting", "the build comes first"
    assert retain() == []

    # What the build brings: other bytes than before, so the old verdict does not stand.
    other = make_version(served, 99, b"GGUF of another converter")
    brought = other.artifacts.get()
    old.artifacts.update(state="built", path=brought.path, digest=brought.digest)
    stage(row.pk)
    row.refresh_from_db()
    assert (row.state, row.verdict) == ("staged", "")
    assert "models.invalid/touchstone/shop:v1" in standin.models()


@pytest.mark.django_db
def test_results_of_steps_go_when_no_version_needs_them(served):
    def work(place):
        (place.folder / "x").write_bytes(b"12345")

    keys = {"merge": "m3", "convert": "c3", "prove": "shared"}
    for name, key in keys.items():
        store.make(name, key, work)
        row = {"state": "done", "size_bytes": 5}
        BuildStep.objects.create(artifact=artifact_of(version(served, 3)), name=name, key=key, **row)
    first = artifact_of(version(served, 1))
    BuildStep.objects.create(artifact=first, name="prove", key="shared", state="done", size_bytes=5)
    store.make("convert", "c1", work)
    BuildStep.objects.create(artifact=first, name="convert", key="c1", state="done", size_bytes=5)
    abandoned = store.steps_folder() / "convert" / ".k9.abc"
    abandoned.mkdir()
    assert disk_use(served)[version(served, 3).pk] == 15
    retain()
    left = {path.parent.name + "/" + path.name for path in store.steps_folder().glob("*/*") if path.is_dir()}
    # A merged model is needed only while its version is built.
    assert left == {"convert/c3", "prove/shared"}
    assert disk_use(served)[version(served, 3).pk] == 10
    assert BuildStep.objects.get(name="convert", key="c1").size_bytes is None


@pytest.mark.django_db
def test_a_result_that_a_worker_is_at_stays(served):
    store.make("convert", "c1", lambda place: (place.folder / "x").touch())
    with held(store.lock_path("convert", "c1")):
        retain()
        assert store.find("convert", "c1") is not None
    retain()
    assert store.find("convert", "c1") is None
