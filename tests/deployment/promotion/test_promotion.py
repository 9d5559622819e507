"""Promotion and rollback: one row per attempt, the old version live until the new one is proven."""

import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection

from common.problems import ConflictError, ProblemError
from deployment.live import live_deployment, live_version
from deployment.modelfile.grammar import parse
from deployment.models import Deployment, StagedVersion
from deployment.promotion import promote as verbs
from deployment.promotion.plan import plan_promotion
from deployment.promotion.promote import PremiseError
from deployment.serving.reload import reload_serving
from deployment.signals import version_promoted
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import make_staged, make_version, serve_from
from tests.factories import acting, make_admin, make_expert, make_operator, make_project

pytestmark = pytest.mark.django_db


def modelfile_of(project) -> str:
    return (Path(settings.DEPLOYMENTS_DIR) / project.key / "Modelfile").read_text()


def test_a_passed_version_goes_live_and_the_alias_follows(shop, standin):
    v1 = make_staged(shop, 1)
    heard = []

    def listener(sender, deployment, **kwargs):
        heard.append(deployment.pk)

    version_promoted.connect(listener)
    try:
        done = promote(make_operator(shop, "olga"), v1)
    finally:
        version_promoted.disconnect(listener)
    assert (done.state, done.version, done.previous, done.failed_step) == ("live", v1, None, "")
    assert live_version(shop) == v1
    assert heard == [done.pk]
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/shop:v1"]
    assert done.evidence["proofs"] == {"standin": f"alias digest {models['shop:latest']}"}
    assert done.move_ms > 0


def test_the_modelfile_is_written_and_its_history_kept(shop):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    user = make_operator(shop)
    first, second = promote(user, v1), promote(user, v2)
    assert modelfile_of(shop) == second.modelfile
    assert parse(second.modelfile).from_.endswith("v2.gguf")
    rollback(user, shop, reason="v2 is worse")
    assert modelfile_of(shop) == first.modelfile
    kept = list(Deployment.objects.filter(project=shop).order_by("id").values_list("modelfile", flat=True))
    assert kept == [first.modelfile, second.modelfile, first.modelfile]
    assert "gate shop:v1 is passed." in first.modelfile


def test_rollback_goes_to_the_version_before_and_moves_the_alias(shop, standin):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    user = make_operator(shop)
    promote(user, v1)
    promote(user, v2)
    done = rollback(user, shop, reason="v2 is worse")
    assert (done.action, done.version, done.previous) == ("rollback", v1, v2)
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/shop:v1"]
    assert Deployment.objects.filter(project=shop, state="live").count() == 1


def test_rollback_needs_a_reason_and_a_version_that_was_live(shop):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    user = make_operator(shop)
    with pytest.raises(ConflictError, match="no earlier live version"):
        rollback(user, shop, reason="why not")
    promote(user, v1)
    promote(user, v2)
    with pytest.raises(ProblemError, match="Say why"):
        rollback(user, shop, reason=" ")
    v3 = make_staged(shop, 3)
    with pytest.raises(ConflictError, match="never live"):
        rollback(user, shop, to=v3, reason="forward")


@pytest.mark.parametrize("verdict", ["refused", "insufficient", "baseline", ""])
def test_without_passed_a_reason_is_required(shop, verdict):
    version = make_staged(shop, 1, verdict)
    user = make_operator(shop)
    with pytest.raises(ProblemError, match="give a reason"):
        promote(user, version)
    assert not Deployment.objects.exists()
    assert promote(user, version, reason="We need it for the fair.").reason == "We need it for the fair."


def test_an_expert_cannot_promote_or_roll_back(shop):
    version, expert = make_staged(shop, 1), make_expert(shop)
    with pytest.raises(PermissionDenied):
        promote(expert, version)
    promote(make_operator(shop), version)
    promote(make_operator(shop), make_staged(shop, 2))
    with pytest.raises(PermissionDenied):
        rollback(expert, shop, reason="no")
    with pytest.raises(PermissionDenied):
        reload_serving(acting(expert), shop)


def test_a_version_that_stands_nowhere_is_refused(shop):
    with pytest.raises(ConflictError, match="not staged"):
        promote(make_admin(), make_version(shop, 1))


def test_who_comes_second_is_told_by_whom(shop):
    v1 = make_staged(shop, 1)
    promote(make_operator(shop, "olga"), v1)
    with pytest.raises(ConflictError, match="live already: olga promoted it"):
        promote(make_operator(shop, "oscar"), v1)


def test_a_plan_whose_premise_is_gone_is_not_carried_out(shop):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    decided_on = plan_promotion(v2)
    promote(make_operator(shop, "olga"), v1)
    with pytest.raises(PremiseError, match="Somebody was faster: shop:v1 is live now: olga"):
        verbs.promote(acting(make_operator(shop, "otto")), decided_on, reason="agreed")
    assert Deployment.objects.count() == 1
    judged_on = plan_promotion(v2)
    StagedVersion.objects.filter(version=v2).update(verdict="refused")
    with pytest.raises(PremiseError):
        verbs.promote(acting(make_operator(shop, "otto2")), judged_on)
    assert Deployment.objects.count() == 1


def test_a_move_under_way_keeps_others_out(shop):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    olga = make_operator(shop, "olga")
    Deployment.objects.create(project=shop, version=v1, action="promote", actor=olga)
    with pytest.raises(ConflictError, match="olga is moving shop to shop:v1"):
        promote(make_operator(shop, "oscar"), v2, reason="at once")


def test_a_server_that_refuses_the_alias_leaves_the_old_version_live(shop, standin):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    user = make_operator(shop)
    first = promote(user, v1)
    written = modelfile_of(shop)
    standin.fail("/api/copy")
    with pytest.raises(ConflictError, match=r"shop:v2 did not go live: .*shop:v1 is still live"):
        promote(user, v2)
    failed = Deployment.objects.get(version=v2)
    assert (failed.state, failed.failed_step) == ("failed", "moved")
    assert "told to fail" in failed.error
    assert live_deployment(shop) == first
    assert modelfile_of(shop) == written
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/shop:v1"]
    assert promote(user, v2).state == "live"


def test_a_server_that_dies_leaves_the_old_version_live(shop, standin):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    user = make_operator(shop)
    promote(user, v1)
    standin.die()
    with pytest.raises(ConflictError, match="still live"):
        promote(user, v2)
    assert Deployment.objects.get(version=v2).state == "failed"
    assert live_version(shop) == v1


def test_whatever_breaks_the_attempt_ends(shop, monkeypatch):
    version = make_staged(shop, 1)
    monkeypatch.setattr("deployment.promotion.steps.write_modelfile", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        promote(make_operator(shop), version)
    assert Deployment.objects.get().state == "failed"
    assert live_version(shop) is None


def test_a_model_of_the_same_name_that_is_not_ours_is_left_alone(shop, standin):
    version = make_staged(shop, 1)
    other = make_project("other")
    serve_from(other, shop.serving_policy.servers.get())
    theirs = make_staged(other, 9)
    from deployment.servers.drivers import driver_for

    driver_for(shop.serving_policy.servers.get()).move("shop", theirs.server_tag)
    with pytest.raises(ConflictError, match="somebody else's"):
        promote(make_operator(shop), version)
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/other:v9"]


@pytest.mark.django_db(transaction=True)
def test_of_two_promotions_at_once_one_wins(shop):
    versions = [make_staged(shop, number) for number in (1, 2)]
    users = [make_operator(shop, name) for name in ("olga", "oscar")]
    barrier, outcomes = threading.Barrier(2), []

    def go(user, version):
        try:
            barrier.wait()
            outcomes.append(promote(user, version, reason="now").version.number)
        except ConflictError as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=pair) for pair in zip(users, versions, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [each for each in outcomes if isinstance(each, int)]
    told = [each for each in outcomes if isinstance(each, str)]
    assert len(won) == len(told) == 1
    assert ("olga" if won == [1] else "oscar") in told[0]
    assert live_version(shop).number == won[0]


def test_staging_keeps_three_digests(shop, standin):
    make_staged(shop, 1)
    row = StagedVersion.objects.get()
    assert row.uploaded_digest == f"sha256:{row.artifact.digest}"
    assert row.layer_digest
    assert row.layer_digest not in row.uploaded_digest
    assert row.manifest_digest == standin.models()["models.invalid/touchstone/shop:v1"]
