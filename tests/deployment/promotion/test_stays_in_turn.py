"""Version after version goes live, and each move takes the newest word on what an alias was led to."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.problems import ConflictError
from deployment.live import alias_on, live_deployment
from deployment.models import Deployment, DeploymentTarget, InferenceServer
from deployment.monitoring.findings import open_findings
from deployment.monitoring.reconcile import reconcile
from deployment.promotion import steps
from deployment.promotion.catch_up import catch_up
from deployment.promotion.plan import plan_promotion
from deployment.promotion.recovery import lead_back
from deployment.servers.drivers import driver_for
from tests.deployment.moves import promote, rollback
from tests.deployment.promotion.dual import with_a_failing_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_turn(dual, ada):
    """Versions 1 and 3 were live, one after the other, then the head: the alias stays with version 3."""
    promote(ada, dual.later, reason="on")
    promote(ada, dual.head, reason="on")
    return dual


def left_with(dual):
    target = live_deployment(dual.project).targets.get(server=dual.ollama)
    assert (target.state, target.error) == ("stays", "")
    return target.staged.version


def test_a_second_head_leaves_the_alias_where_the_first_did(in_turn, second, ada):
    assert left_with(in_turn) == in_turn.later
    promote(ada, second, reason="on")
    assert left_with(in_turn) == in_turn.later
    assert in_turn.alias_leads_to(3)


def test_a_move_that_fails_leads_it_back_to_what_was_led_to_last(in_turn, ada):
    with pytest.raises(ConflictError):
        with_a_failing_step("proven", lambda: promote(ada, in_turn.language, reason="on"))
    assert in_turn.alias_leads_to(3)


def test_a_rollback_takes_the_newest_time_that_the_head_was_live(in_turn, second, ada):
    promote(ada, second, reason="on")
    promote(ada, in_turn.language, reason="on")
    promote(ada, in_turn.head, reason="the alias stays with version 1 this time")
    assert left_with(in_turn) == in_turn.language
    promote(ada, in_turn.later, reason="on")
    rollback(ada, in_turn.project, reason="worse")
    assert left_with(in_turn) == in_turn.language
    assert in_turn.alias_leads_to(1)
    rollback(ada, in_turn.project, to=second, reason="and on")
    assert left_with(in_turn) == in_turn.later
    assert in_turn.alias_leads_to(3)


def test_where_the_live_version_has_not_come_up_it_is_what_an_alias_is_to_lead_to(dual, ada):
    promote(ada, dual.later, reason="on")
    live = live_deployment(dual.project)
    live.targets.filter(server=dual.ollama).update(state=DeploymentTarget.State.BEHIND)
    assert alias_on(dual.ollama, live).version == dual.later
    assert plan_promotion(dual.head).stays[0].staged.version == dual.language, "what it leads to by now"


def away(server, until=None):
    InferenceServer.objects.filter(pk=server.pk).update(failures=9 if until else 0, unavailable_until=until)


def test_an_alias_that_could_not_be_led_back_yet_is_no_question(in_turn, second, ada):
    promote(ada, in_turn.language, reason="on")
    away(in_turn.ollama, timezone.now() + timedelta(minutes=1))
    rollback(ada, in_turn.project, reason="worse")
    promote(ada, second, reason="and another head, before it is back")
    away(in_turn.ollama)
    assert in_turn.alias_leads_to(1)
    reconcile()
    assert not open_findings(in_turn.project).exists()
    assert catch_up() == 1
    assert in_turn.alias_leads_to(3)
    assert (catch_up(), reconcile()) == (0, 0)


def test_who_lost_the_lease_touches_no_alias_that_stays(in_turn, ada):
    promote(ada, in_turn.language, reason="on")
    mirrors = steps.TABLE["moved"]

    def loses_the_lease(attempt):
        Deployment.objects.filter(pk=attempt.row.pk).update(lease_token=uuid4())
        return mirrors.do(attempt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(steps.TABLE, "moved", steps.Step(mirrors.after, loses_the_lease))
        with pytest.raises(ConflictError, match="took this attempt over"):
            rollback(ada, in_turn.project, reason="worse")
    assert in_turn.alias_leads_to(1)


def test_a_server_that_loads_for_long_holds_no_lock(in_turn, ada):
    promote(ada, in_turn.language, reason="on")
    away(in_turn.ollama, timezone.now() + timedelta(minutes=1))
    rollback(ada, in_turn.project, reason="worse")
    away(in_turn.ollama)
    driver_for(in_turn.ollama).unload(in_turn.later.server_tag)
    in_turn.standin.fail("/api/generate", times=9)
    with CaptureQueriesContext(connection) as asked:
        assert catch_up() == 0
    assert not [each for each in asked if "FOR NO KEY UPDATE" in each["sql"]]
    assert live_deployment(in_turn.project).targets.get(server=in_turn.ollama).error


def test_where_nothing_right_is_left_the_alias_is_left_and_that_is_said(in_turn, ada):
    mirrors = steps.TABLE["moved"]

    def removes_it(attempt):
        in_turn.on_ollama(3).update(state="removed")
        return mirrors.do(attempt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(steps.TABLE, "moved", steps.Step(mirrors.after, removes_it))
        with pytest.raises(ConflictError):
            with_a_failing_step("proven", lambda: promote(ada, in_turn.language, reason="on"))
    assert f"left with {in_turn.language}: {in_turn.later} is removed there" in Deployment.objects.failed().get().error
    assert (lead_back(), in_turn.alias_leads_to(1)) == (0, True)
