"""A server that joins while a head is live, which it cannot serve: its alias comes to what the others stay with."""

import pytest

from deployment.live import live_deployment
from deployment.models import Finding, InferenceServer, StagedVersion
from deployment.monitoring.findings import dismiss, open_findings
from deployment.monitoring.reconcile import reconcile
from deployment.promotion.catch_up import catch_up
from deployment.promotion.joining import joined
from deployment.servers.drivers import driver_for
from labeling.models import Event
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, ollama_standin, stage_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other").mkdir()
    with ollama_standin(tmp_path / "other") as running:
        yield running


@pytest.fixture
def newcomer(beside, other) -> InferenceServer:
    """A second Ollama, added to the project while the head is live."""
    server = make_server(other.url, name="ollama-two")
    beside.project.serving_policy.servers.add(server)
    return server


def staged_there(version, server) -> StagedVersion:
    stage_version(version)
    return StagedVersion.objects.get(version=version, server=server)


def target_of(beside, server):
    return live_deployment(beside.project).targets.filter(server=server).first()


def test_its_alias_is_led_to_what_the_others_stay_with(beside, newcomer, other, sent):
    sent.clear()
    assert catch_up() == 0
    row = StagedVersion.objects.get(version=beside.language, server=newcomer)
    assert ("deployment.stage", row.pk) in sent
    assert target_of(beside, newcomer) is None
    assert reconcile() == 0, "it is on its way"
    staged_there(beside.language, newcomer)
    assert (catch_up(), catch_up(), reconcile()) == (1, 0, 0)
    models = other.models()
    assert models[f"{beside.project.key}:latest"] == models[beside.language.server_tag]
    target, live = target_of(beside, newcomer), live_deployment(beside.project)
    assert (target.state, target.staged.version, target.error) == ("stays", beside.language, "")
    assert live.stays == {"ollama-one": beside.language.tag, "ollama-two": beside.language.tag}
    told = Event.objects.filter(verb="version.alias_left", subject_uid=beside.language.uid).order_by("id").last()
    assert told.after["server"] == str(newcomer.uid)
    driver_for(newcomer).remove(beside.project.key)
    assert reconcile() == 1, "from now on it is watched over like the others"
    assert other.models()[f"{beside.project.key}:latest"] == models[beside.language.server_tag]


def test_one_that_is_switched_on_again_follows_the_others(beside, newcomer, other, ada):
    """Its alias leads where a move led it, before it was switched off."""
    staged_there(beside.later, newcomer)
    staged_there(beside.language, newcomer)
    promote(ada, beside.later)
    models = other.models()
    assert models[f"{beside.project.key}:latest"] == models[beside.later.server_tag]
    InferenceServer.objects.filter(pk=newcomer.pk).update(is_active=False)
    promote(ada, beside.language, reason="the first one was better")
    promote(ada, beside.head, reason="the head again")
    assert target_of(beside, newcomer) is None
    assert catch_up() == 0
    InferenceServer.objects.filter(pk=newcomer.pk).update(is_active=True)
    assert (catch_up(), reconcile()) == (1, 0)
    assert other.models()[f"{beside.project.key}:latest"] == models[beside.language.server_tag]


def test_a_model_of_that_name_that_is_somebody_elses_is_left_alone(beside, newcomer, other):
    other.offer(f"{beside.project.key}:latest")
    driver_for(newcomer).pull(f"{beside.project.key}:latest")
    before = other.models()[f"{beside.project.key}:latest"]
    staged_there(beside.language, newcomer)
    assert catch_up() == 0
    assert reconcile() == 1
    assert open_findings(beside.project).get().kind == "alias"
    assert other.models()[f"{beside.project.key}:latest"] == before


def test_where_aliases_may_not_stay_a_finding_says_so(beside, newcomer, ada):
    beside.let_aliases_stay(False)
    assert (catch_up(), reconcile(), reconcile()) == (0, 1, 1)
    finding = open_findings(beside.project).get()
    assert (finding.kind, finding.server, finding.version) == ("joined", newcomer, beside.head)
    assert "say in the serving policy that the alias may stay, or take it out there" in finding.sentence
    dismiss(ada, finding)
    reconcile()
    assert not open_findings(beside.project).exists()
    beside.let_aliases_stay(True)
    StagedVersion.objects.create(
        version=beside.language, server=newcomer, tag=beside.language.server_tag, state="failed", error="No room."
    )
    assert (catch_up(), reconcile()) == (0, 1)
    finding = open_findings(beside.project).get()
    assert f"cannot be led to {beside.language}, with which the others stay: ollama-two did not take it: No room." in (
        finding.sentence
    )
    assert target_of(beside, newcomer) is None
    beside.project.serving_policy.servers.remove(newcomer)
    assert reconcile() == 0
    assert Finding.objects.get(pk=finding.pk).state == "gone"


def test_where_no_alias_stays_anywhere_none_is_made(beside, newcomer, other):
    live = live_deployment(beside.project)
    live.targets.filter(server=beside.ollama).delete()
    beside.project.serving_policy.servers.remove(beside.ollama)
    assert [each.version for each in joined(live)] == [None]
    assert catch_up() == 0
    target = target_of(beside, newcomer)
    assert (target.state, target.staged, target.error) == ("stays", None, "")
    assert f"{beside.project.key}:latest" not in other.models()
    assert reconcile() == 0
    assert live_deployment(beside.project).stays == {"ollama-two": ""}


def test_two_that_join_at_once_stay_with_the_same(beside, newcomer, other, ada, tmp_path):
    """No alias stays anywhere; what one of them had once is what both stay with."""
    live = live_deployment(beside.project)
    live.targets.filter(server=beside.ollama).delete()
    assert {each.server.name: each.version for each in joined(live)} == {
        "ollama-one": beside.language,
        "ollama-two": None,
    }
    catch_up()
    assert target_of(beside, beside.ollama).staged.version == beside.language
    assert target_of(beside, newcomer) is None, "it waits for what it has not got yet"
    staged_there(beside.language, newcomer)
    catch_up()
    assert target_of(beside, newcomer).staged.version == beside.language
    assert f"{beside.project.key}:latest" in other.models()


def test_one_that_is_taken_out_meanwhile_is_not_led(beside, newcomer, other):
    row = staged_there(beside.language, newcomer)
    live = live_deployment(beside.project)
    live.targets.create(server=newcomer, staged=row, state="stays", error="The alias is to be led there.")
    beside.project.serving_policy.servers.remove(newcomer)
    assert catch_up() == 0
    assert f"{beside.project.key}:latest" not in other.models()
