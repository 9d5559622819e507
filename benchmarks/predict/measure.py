"""Each method's newest version is made live and asked through the web process; the server alone stands beside it.

Ratios are of one run: Touchstone's predict API against the same questions put to the model server itself.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import httpx

from benchmarks.predict.processes import Cost, cost_of
from benchmarks.report import Figure, Result
from common.actor import Actor, system
from demo.load import percentile
from demo.support_tags import KEY
from deployment.artifacts.rebuilding import can_be_rebuilt, rebuild
from deployment.live import live_version
from deployment.promotion.plan import plan_promotion
from deployment.promotion.promote import promote
from deployment.serving.predict import ask
from deployment.serving.routing import live_servers
from labeling.access import acting
from labeling.models import Project, Sample, Scope, User
from labeling.services import create_token
from training.models import ModelVersion

# Before anything is counted: connections, caches, kernels.
WARM = 20
BUILD_SECONDS = 120


@dataclass(frozen=True)
class Door:
    """Touchstone's API with a token."""

    http: httpx.Client

    def single(self, text: str) -> None:
        self._ask("predict", {"text": text})

    def batch(self, texts: list[str]) -> None:
        results = self._ask("batch_predict", {"texts": texts})["results"]
        failed = [row["error"] for row in results if row.get("error")]
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(texts)} texts got no answer: {failed[0]}")

    def _ask(self, name: str, body: dict[str, object]) -> dict[str, list[dict[str, str]]]:
        response = self.http.post(f"/{name}", json=body)
        response.raise_for_status()
        found: dict[str, list[dict[str, str]]] = response.json()
        return found


def measure(options: argparse.Namespace) -> Result:
    """A row for each method; the version that was live is live again in the end."""
    project = Project.objects.get(key=KEY)
    admin = User.objects.filter(is_superuser=True, is_active=True).earliest("pk")
    _, secret = create_token(system("benchmark"), admin, "predict benchmark", [project], [Scope.PREDICT])
    texts = list(Sample.objects.filter(project=project).values_list("text", flat=True)[:500])
    url = f"{os.environ['TOUCHSTONE_URL']}/api/v1/projects/{project.key}"
    before, figures = live_version(project), {}
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=120) as http:
            for version in newest_by_method(acting(admin), project):
                make_live(acting(admin), version)
                figures[f"{version.method}, {version.tag}"] = figures_of(Door(http), version, texts, options)
    finally:
        if before is not None:
            make_live(acting(admin), before)
    return Result(figures)


def newest_by_method(actor: Actor, project: Project) -> Iterator[ModelVersion]:
    """Of each method the newest version that is live or may be promoted; files that retention took are built again."""
    seen, live = set[str](), live_version(project)
    for version in project.versions.order_by("-number"):
        if version.method in seen:
            continue
        if can_be_rebuilt(version):
            rebuild(actor, version)
            await_staged(version)
        if version == live or not plan_promotion(version).obstacles:
            seen.add(version.method)
            yield version


def await_staged(version: ModelVersion) -> None:
    """Until the workers have it on its servers. Raises `TimeoutError`."""
    until = time.monotonic() + BUILD_SECONDS
    while plan_promotion(version).obstacles:
        if time.monotonic() > until:
            raise TimeoutError(f"{version} was not built in {BUILD_SECONDS} s: {plan_promotion(version).obstacles[0]}")
        time.sleep(1)  # between two looks at what workers do


def make_live(actor: Actor, version: ModelVersion) -> None:
    """Promote it, unless it is live."""
    if live_version(version.project) != version:
        promote(actor, plan_promotion(version), reason="Benchmark of predictions")


def figures_of(door: Door, version: ModelVersion, texts: list[str], options: argparse.Namespace) -> dict[str, Figure]:
    """Latency and cost of single predictions, rate and cost of many at once, and the server's own latency."""
    staged = live_servers(version.project)[0]
    spec = version.spec.to_spec()
    words = cycle(texts)
    alone, _ = timed(lambda: ask(staged, spec, next(words), logprobs=True), options.single)
    single, cost = timed(lambda: door.single(next(words)), options.single)
    _, bulk = timed(lambda: door.batch(list(islice(words, options.texts))), options.batches, warm=1)
    asked = options.batches * options.texts
    return {
        "p50 ms": _ms(percentile(single, 0.5)),
        "p95 ms": _ms(percentile(single, 0.95)),
        "p50 of the server alone, ms": _ms(percentile(alone, 0.5)),
        "p50, times the server's": round(percentile(single, 0.5) / percentile(alone, 0.5), 2),
        "web process, CPU ms a prediction": _ms(cost.web / options.single),
        "texts/s by batch_predict": round(asked / bulk.seconds, 1),
        "web process, CPU ms a text of a batch": _ms(bulk.web / asked),
        "model server, CPU ms a text of a batch": _ms(bulk.models / asked),
        "web process, peak MB": round(cost.web_peak / 1e6),
        "model server and its children, peak MB": round(cost.models_peak / 1e6),
    }


def timed(work: Callable[[], object], times: int, *, warm: int = WARM) -> tuple[list[float], Cost]:
    """Seconds of each of `times` calls after `warm` ones that do not count, and what they cost the processes."""
    for _ in range(warm):
        work()
    before, took = cost_of(), []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return took, cost_of() - before


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
