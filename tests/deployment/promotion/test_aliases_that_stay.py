"""A head goes live on the servers that can serve it; beside it the alias on Ollama stays with what Ollama can serve."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from common.problems import ConflictError
from deployment.live import live_version
from deployment.models import Deployment, DeploymentTarget, InferenceServer
from deployment.monitoring.reconcile import reconcile
from deployment.promotion import steps
from deployment.promotion.catch_up import catch_up
from deployment.promotion.plan import plan_promotion, plan_rollback
from deployment.promotion.recovery import resume
from deployment.servers.drivers import driver_for
from deployment.serving.predict import predict
from deployment.serving.routing import live_servers
from labeling.models import Event
from tests.deployment.moves import confirm, promote, rollback
from tests.deployment.promotion.dual import make_dual, with_a_failing_step
from tests.factories import SYSTEM, make_operator

pytestmark = pytest.mark.django_db


def test_off_it_is_an_obstacle_that_offers_the_switch(dual, ada):
    dual.let_aliases_stay(False)
    (obstacle,) = plan_promotion(dual.head).obstacles
    assert f"ollama-one (Ollama) cannot serve {dual.head}" in obstacle
    assert "say there that the alias may stay" in obstacle
    with pytest.raises(ConflictError):
        promote(ada, dual.head)


def test_the_head_answers_here_and_the_alias_stays(dual, ada):
    plan = plan_promotion(dual.head)
    assert (plan.obstacles, plan.server_names) == ((), ["local"])
    assert [each.sentence.partition("”. ")[2] for each in plan.stays] == [
        f"The alias there stays with {dual.language}."
    ]
    done = promote(ada, dual.head)
    assert live_version(dual.project) == dual.head
    assert dual.alias_leads_to(1)
    assert predict(SYSTEM, dual.project, "where is my refund").model_tag == dual.head.tag
    assert [row.server.name for row in live_servers(dual.project)] == ["local"]
    target = done.targets.get(server__name="ollama-one")
    assert (target.state, target.staged.version, target.error) == ("stays", dual.language, "")
    assert "alias digest" in target.proof
    assert done.stays == {"ollama-one": dual.language.tag}
    told = Event.objects.get(verb="version.alias_left")
    assert (told.subject_uid, told.actor_name) == (dual.language.uid, "ada")
    assert Event.objects.filter(verb="move.planned").latest("pk").after["stays"] == [str(target.server.uid)]


def test_a_later_version_that_all_serve_moves_them_again(beside, ada):
    promote(ada, beside.later)
    assert beside.alias_leads_to(3)
    assert {row.server.name for row in live_servers(beside.project)} == {"local", "ollama-one"}
    assert reconcile() == 0


def test_rollbacks_restore_what_was(beside, ada):
    promote(ada, beside.later)
    plan = plan_rollback(beside.project)
    assert "The alias there goes back to" in plan.stays[0].sentence
    rollback(ada, beside.project, reason="the head was better")
    assert live_version(beside.project) == beside.head
    assert beside.alias_leads_to(1)
    rollback(ada, beside.project, to=beside.language, reason="and before that")
    assert beside.alias_leads_to(1)
    assert {row.server.name for row in live_servers(beside.project)} == {"local", "ollama-one"}


def test_a_rollback_whose_version_is_gone_there_says_what_the_alias_stays_with(beside, ada):
    promote(ada, beside.later)
    beside.on_ollama(1).update(state="removed")
    plan = plan_rollback(beside.project)
    assert plan.stays[0].sentence.endswith(f"stays with {beside.later}.")
    rollback(ada, beside.project, reason="all the same")
    assert beside.alias_leads_to(3)


def test_what_the_alias_names_must_stand_there(dual, ada):
    dual.on_ollama(1).update(state="waiting")
    (obstacle,) = plan_promotion(dual.head).obstacles
    assert "does not stand there now (waiting)" in obstacle


def test_a_first_head_sets_no_alias_on_ollama(request, settings, tmp_path, local_url, standin, tiny_ggufs, ada):
    dual = make_dual(request, settings, tmp_path, local_url, standin, tiny_ggufs)
    assert "has no alias there, and none is set" in plan_promotion(dual.head).stays[0].sentence
    done = promote(ada, dual.head, reason="the first")
    assert done.stays == {"ollama-one": ""}
    assert f"{dual.project.key}:latest" not in standin.models()
    assert reconcile() == 0
    with pytest.raises(ConflictError):
        with_a_failing_step("proven", lambda: promote(ada, dual.later))
    assert f"{dual.project.key}:latest" not in standin.models(), "a move that fails leaves none either"


def test_a_move_that_fails_leads_the_alias_back_to_where_it_stayed(beside, ada):
    with pytest.raises(ConflictError, match=f"{beside.head} is still live"):
        with_a_failing_step("proven", lambda: promote(ada, beside.later))
    assert live_version(beside.project) == beside.head
    assert beside.alias_leads_to(1)
    failed = Deployment.objects.get(version=beside.later)
    assert f"On ollama-one the alias leads to {beside.language} again" in failed.error
    assert reconcile() == 0


def test_a_rollback_that_fails_leads_the_alias_forward_again(beside, ada):
    promote(ada, beside.later)
    with pytest.raises(ConflictError):
        with_a_failing_step("proven", lambda: rollback(ada, beside.project, reason="why not"))
    assert live_version(beside.project) == beside.later
    assert beside.alias_leads_to(3)


@pytest.mark.parametrize("state", ["planned", "moved", "within", "proven"])
def test_a_lost_rollback_is_gone_on_with(beside, ada, state):
    promote(ada, beside.later)
    with pytest.raises(DatabaseError):
        lost_at(state, partial(rollback, ada, beside.project, reason="worse"))
    assert beside.alias_leads_to(1 if state in ("within", "proven") else 3)
    lost = Deployment.objects.moving().get()
    Deployment.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    resume(lost.pk)
    lost.refresh_from_db()
    target = lost.targets.get(server=beside.ollama)
    assert (lost.state, target.state, target.error) == ("live", "stays", "")
    assert beside.alias_leads_to(1)


def lost_at(state, move):
    """A move whose process is lost in a state; `within`: once the alias is led, before that is noted."""

    def lost(row, target):
        driver_for(target.server).move(row.project.key, target.staged.tag)
        raise DatabaseError

    if state != "within":
        return with_a_failing_step(state, move, DatabaseError)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "hold", lost)
        return move()


def test_before_an_alias_is_touched_nothing_is_led_back(beside, second, ada, standin):
    standin.die()
    with pytest.raises(ConflictError):
        with_a_failing_step("staged", lambda: promote(ada, second, reason="on"))
    failed = Deployment.objects.failed().get()
    assert (failed.targets.get(server=beside.ollama).error, failed.error) == ("", "the disk is full")


def test_what_stayed_on_a_server_that_is_away_is_not_asked_for(beside, second, ada, standin):
    minute = timezone.now() + timedelta(minutes=1)
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(failures=9, unavailable_until=minute)
    standin.die()
    with pytest.raises(ConflictError):
        with_a_failing_step("proven", lambda: promote(ada, second, reason="on"))
    failed = Deployment.objects.failed().get()
    assert (failed.targets.get(server=beside.ollama).error, failed.error) == ("", "the disk is full")


def test_a_server_that_is_away_holds_nothing_up_and_its_alias_is_seen_later(beside, ada):
    promote(ada, beside.later)
    minute = timezone.now() + timedelta(minutes=1)
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(failures=9, unavailable_until=minute)
    rollback(ada, beside.project, reason="worse")
    assert predict(SYSTEM, beside.project, "where is my refund").model_tag == beside.head.tag
    assert beside.alias_leads_to(3), "it cannot be asked"
    target = DeploymentTarget.objects.filter(server=beside.ollama).latest("pk")
    assert (target.state, target.error) == ("stays", "ollama-one is away.")
    assert catch_up() == 0
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(failures=0, unavailable_until=None)
    assert catch_up() == 1
    assert beside.alias_leads_to(1)
    assert catch_up() == 0


def test_a_server_that_dies_holds_nothing_up(dual, ada, standin):
    standin.die()
    promote(ada, dual.head)
    assert predict(SYSTEM, dual.project, "where is my refund").model_tag == dual.head.tag
    assert "does not answer" in DeploymentTarget.objects.get(deployment__version=dual.head, server=dual.ollama).error


def test_pages_api_and_commands_show_it(dual, client, capsys):
    key = dual.project.key
    client.force_login(make_operator(dual.project, "olga"))
    url = f"/projects/{key}/versions/2/promote/"
    assert f"The alias there stays with {dual.language}." in client.get(url).content.decode()
    assert client.get(f"/api/v1/projects/{key}/versions/2/plan").json()["stays"] == {"ollama-one": dual.language.tag}
    call_command("promote", key, "v2", dry_run=True)
    assert f"The alias there stays with {dual.language}." in capsys.readouterr().out
    assert live_version(dual.project) == dual.language
    confirm(client, url)
    told = f"ollama-one cannot serve it: the alias there stays with {dual.language.tag}."
    done = Deployment.objects.get(version=dual.head)
    for page in ("deployments/", "versions/2/"):
        assert told in client.get(f"/projects/{key}/{page}").content.decode()
    assert "The alias on ollama-one stays with it" in client.get(f"/projects/{key}/versions/1/").content.decode()
    one = client.get(f"/projects/{key}/deployments/{done.uid}/").content.decode()
    assert f"cannot serve it, the alias stays with {dual.language}" in one
    assert client.get(f"/api/v1/projects/{key}/deployments").json()["results"][0]["stays"] == done.stays
    (health,) = client.get("/api/v1/health").json()["projects"]
    assert (health["servers"], health["stays"]) == (["local"], done.stays)
    call_command("rollback", key, reason="to look", dry_run=True)
    assert "Roll back to" in capsys.readouterr().out
    call_command("promote", key, "v3", reason="on")
    call_command("rollback", key, reason="and back")
    assert f"On ollama-one the alias stays with {dual.language.tag}." in capsys.readouterr().out


def test_on_ollama_alone_the_switch_helps_nothing(dual):
    dual.project.serving_policy.servers.set([dual.ollama])
    plan = plan_promotion(dual.head)
    assert "the kind “local”" in plan.obstacles[0]
    with pytest.raises(CommandError):
        call_command("promote", dual.project.key, "v2", reason="all the same")
