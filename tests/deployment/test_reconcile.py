"""What a person did on the server is found, shown and offered; mended by itself is what no person did."""

import httpx
import pytest

from deployment.drivers import driver_for
from deployment.models import Finding, InferenceServer, StagedVersion
from deployment.services import live_version, promote
from deployment.services.findings import adopt, dismiss, open_findings, restore
from deployment.services.reconcile import look_for_upgrades, prove_again, reconcile
from deployment.services.staging import stage
from labeling.problems import ConflictError, UnavailableError
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.factories import make_admin, make_expert, make_operator, make_project


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
    promote(ada, project.versions.get(number=1))
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
    adopt(ada, finding)
    assert live_version(shop).number == 2
    assert reconcile() == 0
    assert Finding.objects.get().state == "adopted"


def test_an_alias_moved_by_hand_is_restored(shop, driver, ada):
    driver.move("shop", tag(2))
    reconcile()
    restore(ada, open_findings(shop).get())
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


def test_an_alias_that_is_only_missing_is_offered(shop, driver, standin):
    driver.remove("shop")
    assert not driver.unreadable("shop")
    reconcile()
    assert "is not on the server" in open_findings(shop).get().sentence


def test_a_foreign_model_cannot_be_adopted(shop, driver, ada, standin):
    body = {"model": "other", "from": tag(1), "system": "else"}
    httpx.post(f"{standin.url}/api/create", json=body).raise_for_status()
    driver.move("shop", "other")
    reconcile()
    with pytest.raises(ConflictError, match="no version of this project"):
        adopt(ada, open_findings(shop).get())
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
            act(ada, finding)
    assert live_version(shop).number == 1
    assert Finding.objects.get().state == "gone"


def test_a_decision_that_could_not_be_carried_out_waits_again(shop, driver, ada, standin):
    driver.move("shop", tag(2))
    reconcile()
    finding = open_findings(shop).get()
    standin.fail("/api/copy", status=500, times=9)
    with pytest.raises(UnavailableError, match="could not be put right"):
        restore(ada, finding)
    assert open_findings(shop).get() == finding


def test_a_deleted_tag_is_staged_again_on_request(shop, driver, ada, django_capture_on_commit_callbacks):
    driver.remove(tag(1))
    assert reconcile() == 1
    finding = open_findings(shop).get()
    assert "is gone from standin" in finding.sentence
    restore(ada, finding)
    staged = StagedVersion.objects.get(version__number=1)
    assert staged.state == "waiting"
    stage(staged.pk)
    assert reconcile() == 0


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
    dismiss(ada, first)
    with pytest.raises(ConflictError, match="Somebody was faster: this is dismissed already"):
        dismiss(make_admin("eve"), first)
    reconcile()
    assert not open_findings(shop).exists()


@pytest.fixture
def sent(monkeypatch):
    """What was handed to a worker."""
    from deployment import tasks

    found = []
    monkeypatch.setattr(tasks.prove_again, "delay", lambda *asked: found.append(asked))
    return found


def test_after_an_upgrade_what_is_live_is_proven_again(shop, sent):
    assert look_for_upgrades() == 0
    InferenceServer.objects.update(version="0.33.0")
    assert look_for_upgrades() == 1
    assert look_for_upgrades() == 0
    ((staged_id, before, after),) = sent
    assert (before, after) == ("0.33.0", InferenceServer.objects.get().version)
    assert StagedVersion.objects.get(pk=staged_id).version.number == 1
    prove_again(*sent[0])
    finding = Finding.objects.get()
    assert (finding.kind, finding.state, finding.found) == ("upgraded", "mended", after)
    assert finding.sentence == f"standin went from 0.33.0 to {after}; shop:v1 is proven there again."


def test_an_upgrade_that_serves_something_else_is_open(shop, sent, standin):
    InferenceServer.objects.update(version="0.33.0")
    look_for_upgrades()
    standin.die()
    prove_again(*sent[0])
    finding = open_findings(shop).get()
    assert "no longer proven" in finding.sentence
