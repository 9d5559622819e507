"""Step 8: one rollback and forward again, while clients ask through the predict API without a pause."""

import time
from collections.abc import Callable

from demo.load import Load, api_client
from demo.setup import DEMO, World
from demo.show import DemoError
from demo.steps.watching import say_steps
from deployment.live import live_version
from deployment.promotion.plan import plan_promotion, plan_rollback
from deployment.promotion.promote import promote, rollback
from labeling.access import acting
from labeling.models import Sample, Scope
from labeling.services import create_token

CLIENTS, BEFORE, BETWEEN, AFTER = 4, 10.0, 4.0, 10.0


def swap(world: World, base_url: str) -> None:
    """Roll back to what was live before and go forward again under load; counts and times go into the report.

    Where a head went live, that is from one method to another.
    """
    good = live_version(world.project)
    assert good is not None
    _, secret = create_token(DEMO, world.admin, "demo clients", [world.project], [Scope.PREDICT])
    texts = list(Sample.objects.filter(project=world.project).values_list("text", flat=True)[:200])
    url = f"{base_url}/api/v1/projects/{world.project.key}/predict"
    clients = [api_client(url, secret, texts[number::CLIENTS]) for number in range(CLIENTS)]
    with world.show.bar("clients") as update, Load(clients) as load:
        _pass_time(load, update, BEFORE, "before")
        back = rollback(acting(world.admin), plan_rollback(world.project), reason="Demo: one rollback under load")
        _pass_time(load, update, BETWEEN, f"rolled back to {back.version}")
        forward = promote(acting(world.admin), plan_promotion(good), reason="Demo: forward again")
        _pass_time(load, update, AFTER, f"forward to {good}")
    failures, answers = load.failures, load.answers
    world.report["swap"] = {
        "requests": len(load.sent),
        "failed": len(failures),
        "retries": load.retries,
        "by_version": dict(answers),
        "rollback_ms": round(back.move_ms or 0, 1),
        "move_ms": round(forward.move_ms or 0, 1),
    }
    world.show.say(
        f"{len(load.sent)} requests by {CLIENTS} clients, {load.retries} retries, {len(failures)} failed; "
        + ", ".join(f"{count} by {tag}" for tag, count in sorted(answers.items()))
    )
    world.show.say(f"rollback moved in {back.move_ms:.0f} ms, forward in {forward.move_ms:.0f} ms")
    say_steps(world, back)
    say_steps(world, forward)
    if failures:
        raise DemoError(f"{len(failures)} requests failed during the swap, the first: {failures[0]}")


def _pass_time(load: Load, update: Callable[..., None], seconds: float, note: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        update(0, f"{len(load.sent)} requests, {len(load.failures)} failed; {note}")
        time.sleep(0.25)
