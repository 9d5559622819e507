"""Retention: what a project keeps, what it lets go on servers and disk, pins, and the way back."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from deployment.models import BuildStep, Deployment, ServingPolicy, StagedVersion, VersionPin
from deployment.retention import Standing, kept
from deployment.services import plan_promotion, promote
from deployment.services.pipeline import store
from deployment.services.retention import disk_use, keeping, pin, rebuild, retain, unpin
from deployment.services.staging import stage
from deployment.services.upkeep import due_stagings
from labeling.problems import ConflictError, ProblemError
from tests.deployment.standins import make_staged, make_version
from tests.factories import make_expert, make_operator
from training.models import ModelVersion

NOW = timezone.now()


def days_ago(days: float):
    return NOW - timedelta(days=days)


def test_the_rule_names_a_reason_for_each_kept_version():
    rows = [
        Standing(0, days_ago(99)),
        Standing(1, days_ago(90), last_live=days_ago(60)),
        Standing(2, days_ago(80), last_live=days_ago(20)),
        Standing(3, days_ago(70), pinned="audit"),
        Standing(4, days_ago(60), last_live=days_ago(10)),
        Standing(5, days_ago(50), last_live=days_ago(1)),
        Standing(6, days_ago(40), refused=True),
        Standing(7, days_ago(30), live=True, last_live=NOW),
        Standing(8, days_ago(40), refused=True),
        Standing(9, days_ago(40)),
        Standing(10, days_ago(1), refused=True),
        Standing(11, days_ago(50), busy="being judged", refused=True),
    ]
    assert kept(rows, now=NOW, previous=2, days=30) == {
        2: "live within 30 days",
        3: "pinned: audit",
        4: "one of the 2 live before",
        5: "one of the 2 live before",
        7: "live",
        9: "newer than the live one",
        10: "newer than the live one",
        11: "being judged",
    }


def test_before_the_first_promotion_everything_stays():
    assert kept(
        [Standing(0, days_ago(400)), Standing(1, days_ago(300), refused=True)], now=NOW, previous=0, days=1
    ) == {
        0: "nothing is live yet",
        1: "nothing is live yet",
    }


@pytest.fixture
def served(shop, settings, tmp_path):
    """Versions 1 to 3, the third live, and a policy that keeps only the one before."""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    ServingPolicy.objects.filter(project=shop).update(keep_previous=1, keep_days=0)
    user = make_operator(shop, "olga")
    for number in (1, 2, 3):
        promote(user, make_staged(shop, number))
    return shop


def version(project, number: int) -> ModelVersion:
    return ModelVersion.objects.select_related("project").get(project=project, number=number)


@pytest.mark.django_db
def test_an_old_version_leaves_servers_and_disk_and_keeps_its_rows(served, standin):
    old = version(served, 1)
    file = Path(settings.ARTIFACTS_DIR) / old.gguf_path
    assert retain() == [old]
    assert not file.exists()
    assert set(standin.models()) == {
        "models.invalid/touchstone/shop:v2",
        "models.invalid/touchstone/shop:v3",
        "shop:latest",
    }
    row = StagedVersion.objects.get(version=old)
    assert (row.state, row.error, row.verdict) == ("removed", "", "passed")
    old.refresh_from_db()
    assert (old.gguf_path, old.gguf_bytes is not None, old.state) == ("", True, "built")
    assert due_stagings() == []
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
        pin(make_expert(served), old, "I like it")
    with pytest.raises(ProblemError, match="why"):
        pin(user, old, " ")
    pin(user, old, "audit")
    pin(user, old, "audit until May")
    assert VersionPin.objects.get().reason == "audit until May"
    assert keeping(served) == {1: "pinned: audit until May", 2: "one of the 1 live before", 3: "live"}
    assert retain() == []
    unpin(user, old)
    assert retain() == [old]


@pytest.mark.django_db
def test_a_removed_version_is_rebuilt_and_staged_under_its_tag(served, standin):
    user, old = make_operator(served), version(served, 1)
    with pytest.raises(ConflictError, match="nothing to rebuild"):
        rebuild(user, old)
    retain()
    with pytest.raises(PermissionDenied):
        rebuild(make_expert(served), old)
    rebuild(user, old)
    old.refresh_from_db()
    row = StagedVersion.objects.get(version=old)
    assert (old.state, row.state, row.attempts) == ("trained", "waiting", 0)
    assert retain() == []

    # What the build brings: other bytes than before, so the old verdict does not stand.
    other = make_version(served, 99, b"GGUF of another converter")
    ModelVersion.objects.filter(pk=old.pk).update(
        state="built", gguf_path=other.gguf_path, gguf_digest=other.gguf_digest
    )
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
        BuildStep.objects.create(version=version(served, 3), name=name, key=key, **row)
    BuildStep.objects.create(version=version(served, 1), name="prove", key="shared", state="done", size_bytes=5)
    store.make("convert", "c1", work)
    BuildStep.objects.create(version=version(served, 1), name="convert", key="c1", state="done", size_bytes=5)
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
    with store.held("convert", "c1"):
        retain()
        assert store.find("convert", "c1") is not None
    retain()
    assert store.find("convert", "c1") is None
