"""Step 7: one rollback and forward again, while clients ask through the predict API without a pause."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from demo.setup import World
from demo.show import DemoError
from demo.steps.watching import say_steps
from deployment.services import live_version, promote, rollback
from labeling.models import Sample, Scope
from labeling.tokens import create_token
from training.models import ModelVersion

CLIENTS, BEFORE, BETWEEN, AFTER = 4, 10.0, 4.0, 10.0
_RETRY_PAUSE = 0.05


@dataclass
class Traffic:
    """What the clients saw: answers by version tag, retries, failures."""

    answers: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def requests(self) -> int:
        """Requests that came to an end, well or badly."""
        return self.answers.total() + len(self.failures)

    def note(self, *, tag: str = "", retries: int = 0, failure: str = "") -> None:
        """Count one request."""
        with self.lock:
            self.retries += retries
            if failure:
                self.failures.append(failure)
            else:
                self.answers[tag] += 1


def client(url: str, secret: str, texts: list[str], traffic: Traffic, stop: threading.Event) -> None:
    """Ask one text after the other until `stop`; a 5xx or a broken answer is asked once more after 50 ms."""
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(headers=headers, timeout=60) as http:
        for turn in range(10**9):
            if stop.is_set():
                return
            failure = ""
            for attempt in range(2):
                try:
                    response = http.post(url, json={"text": texts[turn % len(texts)]})
                    if response.status_code < 400:
                        traffic.note(tag=response.json()["model"], retries=attempt)
                        break
                    failure = f"{response.status_code} {response.text[:200]}"
                except (httpx.HTTPError, ValueError, KeyError) as error:
                    failure = repr(error)
                time.sleep(_RETRY_PAUSE)
            else:
                traffic.note(failure=failure, retries=1)


def swap(world: World, base_url: str) -> None:
    """Roll back to version 0 and go forward again under load; counts and times go into the report."""
    good = live_version(world.project)
    bare = ModelVersion.objects.get(project=world.project, number=0)
    assert good is not None
    _, secret = create_token(world.admin, "demo clients", [world.project], [Scope.PREDICT])
    texts = list(Sample.objects.filter(project=world.project).values_list("text", flat=True)[:200])
    url, traffic, stop = f"{base_url}/api/v1/projects/{world.project.key}/predict", Traffic(), threading.Event()
    clients = [
        threading.Thread(target=client, args=(url, secret, texts[number::CLIENTS], traffic, stop))
        for number in range(CLIENTS)
    ]
    for thread in clients:
        thread.start()
    try:
        with world.show.bar("clients") as update:
            _pass_time(traffic, update, BEFORE, "before")
            back = rollback(world.admin, world.project, to=bare, reason="Demo: one rollback under load")
            _pass_time(traffic, update, BETWEEN, f"rolled back to {bare}")
            forward = promote(world.admin, good, reason="Demo: forward again")
            _pass_time(traffic, update, AFTER, f"forward to {good}")
    finally:
        stop.set()
        for thread in clients:
            thread.join()
    world.report["swap"] = {
        "requests": traffic.requests,
        "failed": len(traffic.failures),
        "retries": traffic.retries,
        "by_version": dict(traffic.answers),
        "rollback_ms": round(back.move_ms or 0, 1),
        "move_ms": round(forward.move_ms or 0, 1),
    }
    world.show.say(
        f"{traffic.requests} requests by {CLIENTS} clients, {traffic.retries} retries, {len(traffic.failures)} failed; "
        + ", ".join(f"{count} by {tag}" for tag, count in sorted(traffic.answers.items()))
    )
    world.show.say(f"rollback moved in {back.move_ms:.0f} ms, forward in {forward.move_ms:.0f} ms")
    say_steps(world, back)
    say_steps(world, forward)
    if traffic.failures:
        raise DemoError(f"{len(traffic.failures)} requests failed during the swap, the first: {traffic.failures[0]}")


def _pass_time(traffic: Traffic, update: Callable[..., None], seconds: float, note: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        update(0, f"{traffic.requests} requests, {len(traffic.failures)} failed; {note}")
        time.sleep(0.25)
