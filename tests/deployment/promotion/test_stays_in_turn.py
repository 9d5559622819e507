"""Version after version goes live, and each move takes the newest word on what an alias was led to."""

import pytest

from common.problems import ConflictError
from deployment.live import alias_on, live_deployment
from deployment.models import DeploymentTarget
from deployment.promotion.plan import plan_promotion
from tests.deployment.moves import promote, rollback
from tests.deployment.promotion.dual import with_a_failing_step
from tests.deployment.standins import build, stage_version
from tests.heads import make_head

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_turn(dual, ada):
    """Versions 1 and 3 were live, one after the other, then the head: the alias stays with version 3."""
    promote(ada, dual.later, reason="on")
    promote(ada, dual.head, reason="on")
    return dual


@pytest.fixture
def second(in_turn):
    """Another head, version 4."""
    made = make_head(in_turn.project)
    build(made)
    stage_version(made)
    return made


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
