"""A move whose process is killed at any state is finished by another worker, or taken back, and never done twice."""

import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from deployment.live import live_deployment, live_version
from deployment.models import Deployment
from deployment.promotion import steps
from deployment.promotion.recovery import MAX_ATTEMPTS, fail_attempt, lost_moves, resume
from deployment.servers.drivers import driver_for
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import make_operator
from tests.workers import eventually

STATES = ["planned", "staged", "warmed", "moved", "proven"]
# A process that promotes, and holds still where a state has just been reached: there it is killed.
HELD_STILL = """
import sys, time, django
django.setup()
from deployment.promotion import steps
from tests.deployment.moves import promote
from training.models import ModelVersion
step = steps.TABLE[sys.argv[1]]
def hold(attempt):
    print("held", flush=True)
    time.sleep(600)
steps.TABLE[sys.argv[1]] = steps.Step(step.after, hold)
promote(None, ModelVersion.objects.get(number=2))
"""


def killed_at(state, process_env):
    """Promote version 2 in a process that is killed -9 in `state`; the attempt that it leaves."""
    process = subprocess.Popen(
        [sys.executable, "-c", HELD_STILL, state],
        cwd=settings.BASE_DIR,
        env=process_env,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        held = any(line.startswith("held") for line in process.stdout)
        assert held, "the process ended before it could be killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    return Deployment.objects.get(version__number=2)


@pytest.mark.parametrize("state", STATES)
def test_killed_in_any_state_another_worker_goes_on(process_env, shop, standin, state):
    for number in (1, 2):
        make_staged(shop, number)
    promote(make_operator(shop), shop.versions.get(number=1))
    attempt = killed_at(state, process_env)
    assert attempt.state == state
    assert live_version(shop).number == (2 if state in ("moved", "proven") else 1)
    resume(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == state, "its lease still holds, so nobody takes it over"
    eventually(lambda: lost_moves().exists(), 30, "the lease never ran out")
    resume(attempt.pk)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.attempts) == ("live", 2)
    assert [step["name"] for step in attempt.steps] == ["staged", "warmed", "moved", "proven", "live"]
    assert live_version(shop).number == 2
    assert Deployment.objects.filter(project=shop, state="live").count() == 1
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/shop:v2"]


@pytest.mark.parametrize("state", STATES)
def test_the_database_goes_away_in_any_state_and_a_worker_goes_on(transactional_db, shop, standin, monkeypatch, state):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    promote(make_operator(shop), v1)
    step = steps.TABLE[state]

    def loses_the_database(attempt):
        seen = step.do(attempt)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return seen

    with monkeypatch.context() as patched:
        patched.setitem(steps.TABLE, state, steps.Step(step.after, loses_the_database))
        with pytest.raises(DatabaseError):
            promote(None, v2)
    connection.close()
    attempt = Deployment.objects.get(version=v2)
    assert attempt.state == state
    eventually(lambda: lost_moves().exists(), 30, "the lease never ran out")
    resume(attempt.pk)
    assert live_version(shop) == v2
    assert standin.models()["shop:latest"] == standin.models()["models.invalid/touchstone/shop:v2"]


@pytest.mark.django_db
def test_who_lost_the_lease_ends_nothing(silent):
    attempt = silent("warmed")
    Deployment.objects.filter(pk=attempt.pk).update(lease_token=uuid.uuid4())
    fail_attempt(attempt, "too late")
    attempt.refresh_from_db()
    assert attempt.state == "warmed"


@pytest.fixture
def silent(shop):
    """Version 1 is live; makes an attempt to move to version 2 that fell silent in a state."""
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    first = promote(make_operator(shop), v1)

    def make(state):
        if state in ("moved", "proven"):
            Deployment.objects.filter(pk=first.pk).update(state="replaced")
        past = timezone.now() - timedelta(seconds=1)
        attempt = Deployment.objects.create(
            project=shop, version=v2, previous=v1, action="promote", state=state, lease_until=past
        )
        staged = v2.staged.get()
        attempt.targets.create(server=staged.server, staged=staged)
        return attempt

    return make


def ended(attempt, standin, step):
    """The attempt failed at `step`, the old version serves, and the alias leads to it."""
    attempt.refresh_from_db()
    assert (attempt.state, attempt.failed_step) == ("failed", step)
    assert live_deployment(attempt.project).version == attempt.previous
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/shop:v1"]


@pytest.mark.django_db
def test_what_is_no_longer_staged_does_not_go_on(silent, standin):
    attempt = silent("planned")
    attempt.version.staged.update(state="failed")
    resume(attempt.pk)
    ended(attempt, standin, "planned")


@pytest.mark.django_db
def test_what_was_deleted_meanwhile_does_not_go_on(silent, standin):
    attempt = silent("staged")
    staged = attempt.version.staged.get()
    driver_for(staged.server).remove(staged.tag)
    resume(attempt.pk)
    ended(attempt, standin, "staged")


@pytest.mark.django_db
def test_where_the_alias_cannot_be_moved_the_old_version_is_back(silent, standin):
    attempt = silent("moved")
    standin.fail("/api/copy")
    resume(attempt.pk)
    ended(attempt, standin, "moved")


@pytest.mark.django_db
def test_after_a_few_lost_processes_the_attempt_ends(silent, standin):
    attempt = silent("moved")
    staged = attempt.version.staged.get()
    driver_for(staged.server).move("shop", staged.tag)
    Deployment.objects.filter(pk=attempt.pk).update(attempts=MAX_ATTEMPTS)
    resume(attempt.pk)
    ended(attempt, standin, "moved")
    assert "again and again. On standin the alias leads to shop:v1 again" in Deployment.objects.get(pk=attempt.pk).error
