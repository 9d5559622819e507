"""What a person did on the server is found, shown and offered; mended by itself is what has but one right state."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from common.problems import ConflictError, UnavailableError
from deployment import storage
from deployment.artifacts.staging import stage
from deployment.files import artifact_of
from deployment.live import live_version
from deployment.models import Deployment, FailedRequest, Finding, InferenceServer, StagedVersion
from deployment.monitoring.findings import adopt, dismiss, open_findings, restore
from deployment.monitoring.reconcile import look_again, look_for_upgrades, prove_again, reconcile
from deployment.servers.drivers import driver_for
from deployment.serving.predict import predict
from labeling.models import Event
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_operator, make_project


@pytest.fixture
def ada(db):
    return make_admin("ada")


@pytest.fixture
def shop(ada, standin):
    """Versions 1 and 2 stand on the server; 1 is live."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url))
    for number in (1, 2):
        make_staged(project, number)
    promote(acting(ada), project.versions.get(number=1))
    return project


def tag(number):
    return f"models.invalid/touchstone/shop:v{number}"


@pytest.fixture
def driver(shop):
    return driver_for(InferenceServer.objects.get())


def test_all_is_well(shop):
    assert reconcile() == 0
    assert not Finding.objects.exists()


def test_an_alias_moved_by_hand_is_adopted(shop, driver, ada):
    driver.move("shop", tag(2))
    assert reconcile() == 1
    assert reconcile() == 1
    finding = open_findings(shop).get()
    assert "the alias shop leads to digest" in finding.sentence
    assert live_version(shop).number == 1
    adopt(acting(ada), finding)
    assert live_version(shop).number == 2
    assert reconcile() == 0
    assert Finding.objects.get().state == "adopted"


def test_an_alias_moved_by_hand_is_restored(shop, driver, ada):
    driver.move("shop", tag(2))
    reconcile()
    restore(acting(ada), open_findings(shop).get())
    assert driver.digest_of("shop") == driver.digest_of(tag(1))
    assert reconcile() == 0


def test_an_alias_broken_by_a_kill_is_healed_and_told(shop, driver, standin):
    httpx.post(f"{standin.url}/_empty", json={"model": "shop"}).raise_for_status()
    assert driver.unreadable("shop")
    assert "killed" in driver.prove("shop", tag(1)).sentence
    assert reconcile() == 1
    assert driver.digest_of("shop") == driver.digest_of(tag(1))
    told = Finding.objects.get()
    assert "could not be read" in told.sentence
    assert not open_findings(shop).exists(), "nobody has to decide anything"
    assert reconcile() == 0


def test_an_alias_that_is_missing_is_made_again_and_told(shop, driver):
    driver.remove("shop")
    assert not driver.unreadable("shop")
    assert reconcile() == 1
    assert driver.digest_of("shop") == driver.digest_of(tag(1))
    told = Finding.objects.get()
    assert (told.kind, told.state) == ("alias", "mended")
    assert "was missing; led to shop:v1 again" in told.sentence
    assert told_by_the_system("finding.mended") == 1
    assert reconcile() == 0


def told_by_the_system(verb):
    """How many such events the watch recorded in its own name."""
    return Event.objects.filter(verb=verb, actor_kind="system", actor_name="reconcile").count()


def test_what_our_own_failed_move_left_over_is_led_back(shop, driver):
    """A server that hung as it was asked to copy does it when it wakes, after the alias was looked at."""
    left_over = failed_move(shop)
    driver.move("shop", tag(2))
    assert reconcile() == 1
    assert driver.digest_of("shop") == driver.digest_of(tag(1))
    assert "left over by a move that failed" in Finding.objects.get(state="mended").sentence
    Deployment.objects.filter(pk=left_over.pk).update(ended_at=timezone.now() - timedelta(hours=1))
    driver.move("shop", tag(2))
    reconcile()
    assert open_findings(shop).get().kind == "alias", "an hour later it was somebody"


def failed_move(shop):
    """A move to version 2 that failed while the alias was moved."""
    version = shop.versions.get(number=2)
    attempt = Deployment.objects.create(
        project=shop,
        version=version,
        previous=shop.versions.get(number=1),
        action="promote",
        state="failed",
        failed_step="moved",
        ended_at=timezone.now(),
    )
    staged = version.staged.get()
    attempt.targets.create(server=staged.server, staged=staged, state="warmed")
    return attempt


def test_a_foreign_model_cannot_be_adopted(shop, driver, ada, standin):
    body = {"model": "other", "from": tag(1), "system": "else"}
    httpx.post(f"{standin.url}/api/create", json=body).raise_for_status()
    driver.move("shop", "other")
    reconcile()
    with pytest.raises(ConflictError, match="no version of this project"):
        adopt(acting(ada), open_findings(shop).get())
    assert open_findings(shop).count() == 1


def test_what_was_put_right_by_hand_is_closed(shop, driver):
    driver.move("shop", tag(2))
    reconcile()
    driver.move("shop", tag(1))
    assert reconcile() == 0
    assert Finding.objects.get().state == "gone"


def test_what_is_past_is_not_acted_on(shop, driver, ada):
    driver.move("shop", tag(2))
    reconcile()
    finding = open_findings(shop).get()
    driver.move("shop", tag(1))
    reconcile()
    for act in (adopt, restore, dismiss):
        with pytest.raises(ConflictError, match="this is no longer so already"):
            act(acting(ada), finding)
    assert live_version(shop).number == 1
    assert Finding.objects.get().state == "gone"


def test_a_decision_that_could_not_be_carried_out_waits_again(shop, driver, ada, standin):
    driver.move("shop", tag(2))
    reconcile()
    finding = open_findings(shop).get()
    standin.fail("/api/copy", status=500, times=9)
    with pytest.raises(UnavailableError, match="could not be put right"):
        restore(acting(ada), finding)
    assert open_findings(shop).get() == finding


def test_a_deleted_tag_is_copied_back_from_the_alias(shop, driver, sent):
    before = driver.digest_of(tag(1))
    driver.remove(tag(1))
    assert reconcile() == 1
    assert driver.digest_of(tag(1)) == before
    told = Finding.objects.get(kind="tag_gone")
    assert (told.state, told.sentence) == (
        "mended",
        f"{tag(1)} was gone from standin; copied back from shop:latest, which has its digest.",
    )
    assert not open_findings(shop).exists()
    assert sent == []
    assert reconcile() == 0


def test_a_deleted_tag_that_no_name_has_is_staged_again(shop, driver, sent):
    driver.remove(tag(1))
    driver.remove("shop")
    assert reconcile() == 1
    staged = StagedVersion.objects.get(version__number=1)
    assert (staged.state, sent) == ("waiting", [("deployment.stage", staged.pk)])
    assert "it is staged again" in Finding.objects.get().sentence
    stage(staged.pk)
    assert reconcile() == 1, "the alias"
    assert driver.digest_of("shop") == driver.digest_of(tag(1))
    assert reconcile() == 0
    assert not open_findings(shop).exists()


def test_a_deleted_tag_whose_file_is_lost_too_waits_for_a_person(shop, driver, sent):
    driver.remove(tag(1))
    driver.remove("shop")
    path = storage.path_of(artifact_of(shop.versions.get(number=1)).path)
    path.rename(path.with_suffix(".away"))
    assert reconcile() == 1
    finding = open_findings(shop).get()
    assert "its file is not here either" in finding.sentence
    assert sent == []
    path.with_suffix(".away").rename(path)
    assert reconcile() == 1
    assert not open_findings(shop).exists(), "it is staged again by itself"


def test_while_its_tag_is_lost_the_alias_answers(shop, driver, sent):
    driver.remove(tag(1))
    assert predict(SYSTEM, shop, "Hello").model_tag == "shop:v1"
    staged = StagedVersion.objects.get(version__number=1)
    assert sent == [("deployment.look_again", staged.pk)]
    look_again(staged.pk)
    assert driver.digest_of(tag(1)) == staged.manifest_digest
    assert not FailedRequest.objects.exists()


def test_a_server_that_forgot_its_memory_is_warmed_and_the_row_says_so(shop, driver):
    driver.unload(tag(1))
    assert reconcile() == 1
    assert tag(1) in {row.tag for row in driver.measure().loaded}
    finding = Finding.objects.get()
    assert (finding.kind, finding.state) == ("unloaded", "mended")
    driver.unload(tag(1))
    reconcile()
    assert Finding.objects.count() == 1


def test_a_server_that_is_away_is_no_finding(shop, standin):
    standin.die()
    assert reconcile() == 0
    assert not Finding.objects.exists()


def test_the_banner_offers_what_can_be_done_to_those_who_may(client, shop, driver):
    driver.move("shop", tag(2))
    reconcile()
    client.force_login(make_expert(shop, "ana"))
    html = client.get("/projects/shop/").content.decode()
    assert "The alias leads elsewhere" in html
    assert "Adopt" not in html
    finding = open_findings(shop).get()
    adopt_url = f"/projects/shop/findings/{finding.uid}/adopt/"
    assert client.post(adopt_url).status_code == 403
    client.force_login(make_operator(shop, "olaf"))
    assert adopt_url in client.get("/projects/shop/").content.decode()
    client.post(adopt_url)
    assert live_version(shop).number == 2


def test_two_people_decide(shop, driver, ada):
    driver.move("shop", tag(2))
    reconcile()
    first = open_findings(shop).get()
    dismiss(acting(ada), first)
    with pytest.raises(ConflictError, match="Somebody was faster: this is dismissed already"):
        dismiss(acting(make_admin("eve")), first)
    reconcile()
    assert not open_findings(shop).exists()


def test_after_an_upgrade_what_is_live_is_proven_again(shop, sent):
    assert look_for_upgrades() == 0
    InferenceServer.objects.update(version="0.33.0")
    assert look_for_upgrades() == 1
    assert look_for_upgrades() == 0
    ((task, staged_id, before, after),) = sent
    assert task == "deployment.prove_again"
    assert (before, after) == ("0.33.0", InferenceServer.objects.get().version)
    assert StagedVersion.objects.get(pk=staged_id).version.number == 1
    prove_again(*sent[0][1:])
    finding = Finding.objects.get()
    assert (finding.kind, finding.state, finding.found) == ("upgraded", "mended", after)
    assert finding.sentence == f"standin went from 0.33.0 to {after}; shop:v1 is proven there again."


def test_a_release_of_several_words_is_told_like_any_other(shop, sent):
    InferenceServer.objects.update(version="1 (llama.cpp b7000)")
    assert look_for_upgrades() == 1
    told = Event.objects.get(verb="inference_server.upgraded")
    assert told.before == {"release": "1_(llama.cpp_b7000)"}


def test_an_upgrade_that_serves_something_else_is_open(shop, sent, standin):
    InferenceServer.objects.update(version="0.33.0")
    look_for_upgrades()
    standin.die()
    prove_again(*sent[0][1:])
    finding = open_findings(shop).get()
    assert "no longer proven" in finding.sentence
