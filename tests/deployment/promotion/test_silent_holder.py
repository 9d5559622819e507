"""A rollback does not wait for a lost process: it takes over a move whose holder is silent for ten seconds."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings as django_settings

from common.problems import ConflictError
from deployment.live import live_version
from deployment.models import Deployment
from deployment.promotion.recovery import SILENCE
from tests.deployment.moves import promote, rollback
from tests.deployment.promotion.test_resume import HELD_STILL
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, make_operator
from tests.workers import eventually


@pytest.fixture
def held(process_env, shop, standin, settings):
    """Stops (SIGSTOP) a process that promotes version 3 in a state; 2 is live, and 1 was."""
    settings.LEASE_SECONDS = 20.0  # as in production
    olga = make_operator(shop, "olga")
    for number in (1, 2, 3):
        version = make_staged(shop, number)
        if number < 3:
            promote(olga, version)
    started = []

    def hold(state):
        process = subprocess.Popen(
            [sys.executable, "-c", HELD_STILL.replace("number=2", "number=3"), state],
            cwd=django_settings.BASE_DIR,
            env={**process_env, "LEASE_SECONDS": "20"},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert any(line.startswith("held") for line in process.stdout)
        os.kill(process.pid, signal.SIGSTOP)
        return process

    yield hold
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def roll_back(shop):
    """Seconds until a rollback to version 1 is let through, tried again and again as a person would."""
    started = time.monotonic()

    def done():
        with contextlib.suppress(ConflictError):
            return rollback(SYSTEM, shop, to=shop.versions.get(number=1), reason="it is worse")

    eventually(done, 30, "the rollback never came through")
    return time.monotonic() - started


@pytest.mark.parametrize("state", ["planned", "staged", "warmed", "moved"])
def test_a_rollback_takes_over_a_move_whose_process_hangs(held, shop, standin, state):
    process = held(state)
    with pytest.raises(ConflictError, match="is moving shop"):
        rollback(SYSTEM, shop, to=shop.versions.get(number=1), reason="at once")
    took = roll_back(shop)
    print(f"held in {state}: rolled back after {took:.1f} s")
    assert took < SILENCE + 5
    assert live_version(shop).number == 1
    attempt = Deployment.objects.get(version__number=3)
    assert (attempt.state, attempt.failed_step) == ("failed", state)
    assert "fell silent, and a rollback took its place" in attempt.error

    os.kill(process.pid, signal.SIGCONT)
    assert Deployment.objects.get(pk=attempt.pk).state == "failed", "who wakes writes nothing any more"
    assert live_version(shop).number == 1
    models = standin.models()
    assert models["shop:latest"] == models["models.invalid/touchstone/shop:v1"]
