"""Promotions and rollbacks under load. The ratios are of one run: latency during the moves against before them."""

import argparse
import os
import statistics
import time
from contextlib import ExitStack

import httpx

from benchmarks.report import Figure, Result
from common.actor import system
from demo.load import Client, Load, Moved, alias_client, answer_of, api_client, during, first_new, percentile, stale
from demo.support_tags import KEY
from demo.swapping import swap_back_and_forth
from deployment.serving.routing import live_servers
from labeling.access import acting
from labeling.models import Project, Sample, Scope, User
from labeling.services import create_token

PROMPT = "Where is my parcel?"


def measure(options: argparse.Namespace) -> Result:
    """Keep the load up, move the live version to and fro, count what the clients saw."""
    project = Project.objects.get(key=KEY)
    admin = User.objects.filter(is_superuser=True, is_active=True).earliest("pk")
    loads = {"predict API": Load(_api_clients(project, admin, options.clients), options.rate)}
    outside = _alias_clients(project)
    if outside:
        loads["alias, from outside"] = Load(outside, options.rate)
    with ExitStack() as stack:
        for load in loads.values():
            stack.enter_context(load)
        time.sleep(options.before)
        # The load goes on while nothing moves: what comes after a pause is measured against it.
        moves = swap_back_and_forth(project, acting(admin), options.moves, lambda: time.sleep(options.pause))
    figures = {name: _seen(load, moves) for name, load in loads.items()}
    wrong = sum(len(load.failures) + len(stale(load.sent, moves)) for load in loads.values())
    for load in loads.values():
        for failure in load.failures[:3]:
            print(f"failed: {failure}")
    return Result(figures, wrong)


def _api_clients(project: Project, admin: User, number: int) -> list[Client]:
    _, secret = create_token(system("benchmark"), admin, "swap benchmark", [project], [Scope.PREDICT])
    texts = list(Sample.objects.filter(project=project).values_list("text", flat=True)[:200])
    url = f"{os.environ['TOUCHSTONE_URL']}/api/v1/projects/{project.key}/predict"
    return [api_client(url, secret, texts[first:] or texts) for first in range(number)]


def _alias_clients(project: Project) -> list[Client]:
    """Outside clients, where the server has aliases and the two versions can be told apart by their answers."""
    staged = live_servers(project)[0]
    if staged.server.kind != "ollama":
        return []
    tags = [version.server_tag for version in project.versions.order_by("-number")[:2]]
    with httpx.Client(base_url=staged.server.url, timeout=60) as http:
        versions = {answer_of(http, tag, PROMPT): tag.rpartition("/")[2] for tag in tags}
    if len(versions) < len(tags):
        print("The two versions answer the prompt alike, so the alias is left out.")
        return []
    return [alias_client(staged.server.url, project.key, PROMPT, versions) for _ in range(4)]


def _seen(load: Load, moves: list[Moved]) -> dict[str, Figure]:
    before = [each.seconds for each in load.sent if each.ended < moves[0].began]
    moving, late = during(load.sent, moves), [each.late for each in load.sent]
    lasted = [move.ended - move.began for move in moves]
    firsts = [seconds for move in moves if (seconds := first_new(load.sent, move)) is not None]
    figures: dict[str, Figure] = {
        "moves": len(moves),
        "requests": len(load.sent),
        "failed": len(load.failures),
        "asked again": load.retries,
        "answers by the old version after a move": len(stale(load.sent, moves)),
        "sent after they were due, p50 ms": _ms(percentile(late, 0.5)),
        "sent after they were due, p99 ms": _ms(percentile(late, 0.99)),
        "a move, asked for to proven, median ms": _ms(statistics.median(lasted)),
        "a move, asked for to proven, most ms": _ms(max(lasted)),
        "first answer by the new version, median ms": _ms(statistics.median(firsts)) if firsts else None,
    }
    for share in (0.5, 0.99):
        calm, busy, name = percentile(before, share), percentile(moving, share), f"p{share * 100:.0f}"
        figures |= {f"{name} before, ms": _ms(calm), f"{name} during, ms": _ms(busy)}
        figures[f"{name} during, times before"] = round(busy / calm, 2)
    return figures


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
