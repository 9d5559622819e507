"""Twice the same load, the second time with stops; then the rows are held against what clients were told."""

import argparse
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.load import doors, figures, seen, stops, work
from benchmarks.load.figures import Stop
from benchmarks.load.reviewers import Reviewer, Reviewers
from benchmarks.report import Result
from common.actor import Actor, system
from demo.load import Load
from demo.support_tags import KEY
from labeling import services
from labeling.access import acting
from labeling.models import Project, Role, Sample, Scope, User
from training.models import RetrainPolicy

BENCHMARK = system("benchmark")
_FAR = 1_000_000
# A stop begins so long after the one before is over and its move was asked for.
_LEAD, _MOVE_AFTER = 3.0, 1.0
_END_SECONDS = 900.0
# Requests that are sent so late wait behind others; after a stop they have so long to catch up.
_BACKLOG, _CATCH_UP_SECONDS = 0.5, 45.0


@dataclass
class World:
    """Who takes part, and with what."""

    options: argparse.Namespace
    project: Project
    admin: Actor
    session: httpx.Client
    secret: str
    reviewers: list[tuple[str, httpx.Client]]
    memory: stops.Memory = field(default_factory=stops.Memory)

    @property
    def api(self) -> str:
        return f"{os.environ['TOUCHSTONE_URL']}/api/v1/projects/{self.project.key}"

    def pass_time(self, seconds: float) -> None:
        """Let the load go on, with a look at the memory now and then."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.memory.look()
            time.sleep(min(0.2, max(0.0, left)))


def measure(options: argparse.Namespace) -> Result:
    """The load with nothing stopped, then with each process stopped once."""
    world = prepare(options)
    calm = play(world, 1, [])
    memory = world.memory.figures()
    hard = play(world, 2, stops.stoppable())
    work.await_end(hard.batch, _END_SECONDS)
    work.await_end(hard.run, _END_SECONDS)
    calm.batch.refresh_from_db()
    calm.run.refresh_from_db()
    lost = {name: seen.unkept(each) for name, each in (("calm", calm), ("hard", hard))}
    tables = {
        "The same with stops": {name: figures.of_door(sent) for name, sent in hard.doors.items()},
        f"Each stopped for {options.stop:.0f} s: requests that failed, and the longest wait": {
            stop.name: figures.of_stop(stop, hard.doors, sum(stop.began <= at < stop.until for at in lost["hard"]))
            for stop in hard.stops
        },
        "Beside it": seen.beside(options, calm, hard),
        "Memory at its peak, nothing stopped": memory,
    }
    return Result(
        {name: figures.of_door(sent) for name, sent in calm.doors.items()}, seen.wrong(calm, hard, lost), tables
    )


def prepare(options: argparse.Namespace) -> World:
    """People, tokens and enough texts to review. The project trains when it is told to, not by its threshold."""
    project = Project.objects.get(key=KEY)
    services.set_row(BENCHMARK, RetrainPolicy, {"threshold": _FAR}, project=project)
    url = os.environ["TOUCHSTONE_URL"]
    tag = secrets.token_hex(2)
    names = [f"load-{tag}-admin", *(f"load-{tag}-{number}" for number in range(1, options.reviewers + 1))]
    sessions = []
    for name in names:
        password = secrets.token_hex(12)
        services.create_user(BENCHMARK, name, password, administrator=name == names[0])
        if name != names[0]:
            services.set_role(BENCHMARK, project, name, Role.EXPERT)
        sessions.append(doors.logged_in(url, name, password))
    admin = User.objects.get(username=names[0])
    _, secret = services.create_token(BENCHMARK, admin, "load", [project], [Scope.PREDICT, Scope.OPERATE])
    texts = int(2.5 * options.seconds * options.reviewers / options.think) + 200
    path = work.write_rows(folder(), texts, 1)
    services.import_file(BENCHMARK, project, path, {"format": "jsonl", "text": "text", "answers": "none"})
    people = list(zip(names[1:], sessions[1:], strict=True))
    return World(options, project, acting(admin), sessions[0], secret, people)


def folder() -> Path:
    """Where the files go that are imported."""
    return Path(os.environ["TOUCHSTONE_VAR"])


def play(world: World, number: int, names: Sequence[str]) -> seen.Seen:
    """One round. Without names of processes to stop, the live version is moved twice."""
    options, key = world.options, world.project.key
    texts = list(Sample.objects.filter(project=world.project).values_list("text", flat=True)[:1000])
    review = f"/projects/{key}/review/"
    people = [
        Reviewer(name, http, review, options.think, seed=number * 100 + place)
        for place, (name, http) in enumerate(world.reviewers)
    ]
    file = work.write_rows(folder(), options.rows, 10 + number)
    batch = work.upload(world.session, world.project, file)
    run = work.train(world.admin, world.project, options.seconds)
    predict, answered = doors.predictions(f"{world.api}/predict", world.secret, texts, options.rate)
    polls = {
        "import state": doors.polled(world.session, f"/projects/{key}/imports/{batch.uid}/", headers=doors.PART),
        "home": doors.polled(world.session, "/"),
        "livez": doors.polled(world.session, "/livez"),
    }
    mover = work.Mover(f"{world.api}/promote", world.secret, (0, 1))
    reviewers = Reviewers(people)
    with ExitStack() as stack:
        for load in (predict, *polls.values()):
            stack.enter_context(load)
        stack.enter_context(reviewers)
        done = list(stop_each(world, predict, mover, names)) if names else calm(world, mover)
    mover.wait()
    requests = {"predict": predict.sent, "next review page": reviewers.opened, "save": reviewers.saved}
    requests |= {name: load.sent for name, load in polls.items()} | {"promotion": mover.sent}
    return seen.Seen(requests, reviewers, answered, batch, run, done)


def calm(world: World, mover: work.Mover) -> list[Stop]:
    """The load alone, and a promotion after each third of it."""
    for third in range(3):
        if third:
            mover.move()
        world.pass_time(world.options.seconds / 3)
    return []


def stop_each(world: World, predict: Load, mover: work.Mover, names: Sequence[str]) -> Iterator[Stop]:
    """One process after the other; a promotion is asked for while it stands still.

    What waited is over before the next one is stopped, within reason.
    """
    each = max(world.options.seconds / len(names), world.options.stop + 2 * _LEAD)
    for name in names:
        world.pass_time(_LEAD)
        began = time.monotonic()
        with stops.stopped(name):
            world.pass_time(_MOVE_AFTER)
            mover.move()
            world.pass_time(world.options.stop - _MOVE_AFTER)
        ended = time.monotonic()
        world.pass_time(max(0.0, began + each - _LEAD - ended))
        while predict.sent[-1].late > _BACKLOG and time.monotonic() < ended + _CATCH_UP_SECONDS:
            world.pass_time(1.0)
        yield Stop(name, began, ended, time.monotonic())
