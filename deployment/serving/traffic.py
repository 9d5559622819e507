"""What the live versions had to carry: requests, latency and failures, by version and over time.

Predictions are the requests that were answered, `FailedRequest` those that were not. Nothing is counted twice and no
counter can drift, for both are the rows themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DateTimeField, F, FloatField, Func, Max, Q, QuerySet, Value
from django.utils import timezone

from deployment.models import Deployment, FailedRequest
from labeling.models import ParseStatus, Prediction, Project
from training.models import draft_tag

EPOCH = datetime(2020, 1, 1, tzinfo=timezone.get_default_timezone())
# Length of a window and of one of its buckets.
WINDOWS = {
    "1h": (timedelta(hours=1), timedelta(minutes=1)),
    "24h": (timedelta(hours=24), timedelta(minutes=15)),
    "7d": (timedelta(days=7), timedelta(hours=2)),
}
AROUND = timedelta(minutes=30)


class Percentile(Aggregate):
    """`Percentile("latency_ms", share=0.95)`: PostgreSQL's continuous percentile."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


_FIGURES: dict[str, Any] = {
    "requests": Count("pk"),
    "p50": Percentile("latency_ms", share=0.5),
    "p95": Percentile("latency_ms", share=0.95),
    "p99": Percentile("latency_ms", share=0.99),
    "parse_failures": Count("pk", filter=Q(status=ParseStatus.FAILED)),
}


@dataclass(frozen=True)
class Traffic:
    """What one version carried in some time. Latencies in milliseconds, None where nothing was answered."""

    model_tag: str
    requests: int
    per_second: float
    p50: float | None
    p95: float | None
    p99: float | None
    parse_failures: int
    errors: int


def traffic_by_version(project: Project, since: datetime, until: datetime | None = None) -> list[Traffic]:
    """A row per version that was asked, the one asked last first. `requests` counts answers and errors."""
    until = until or timezone.now()
    answered = _answered(project, since, until).values("model_tag").annotate(last=Max("pk"), **_FIGURES)
    failed = _failed(project, since, until).values_list("model_tag").annotate(Count("pk"))
    errors: dict[str, int] = dict(failed.order_by())
    seconds = max((until - since).total_seconds(), 1.0)
    found: Any = answered.order_by("-last")
    rows = []
    for row in found:
        tag = row["model_tag"]
        failures = errors.pop(tag, 0)
        requests = row["requests"] + failures
        latencies = (row["p50"], row["p95"], row["p99"])
        rows.append(Traffic(tag, requests, requests / seconds, *latencies, row["parse_failures"], failures))
    unanswered = [Traffic(tag, count, count / seconds, None, None, None, 0, count) for tag, count in errors.items()]
    return rows + unanswered


def traffic_over_time(project: Project, window: str) -> dict[str, Any]:
    """The series of the charts: per bucket and version; times in milliseconds since 1970, as browsers count.

    `KeyError` for a window that is none of `WINDOWS`.
    """
    length, step = WINDOWS[window]
    now = timezone.now()
    bucket = Func(Value(step), F("created_at"), Value(EPOCH), function="DATE_BIN", output_field=DateTimeField())
    answered = _answered(project, now - length, now).annotate(at=bucket).values("at", "model_tag")
    failed = _failed(project, now - length, now).annotate(at=bucket).values("at", "model_tag")
    moves = Deployment.objects.filter(project=project, live_at__gte=now - length).select_related("version__project")
    return {
        "from": _ms(now - length),
        "to": _ms(now),
        "step_seconds": step.total_seconds(),
        "answered": _points(answered.annotate(**_FIGURES).order_by("at", "model_tag")),
        "failed": _points(failed.annotate(errors=Count("pk")).order_by("at", "model_tag")),
        "moves": [
            {"at": _ms(move.live_at), "action": move.action, "version": move.version.tag}
            for move in moves.order_by("live_at")
            if move.live_at
        ],
    }


def around(deployment: Deployment) -> tuple[Traffic | None, Traffic | None]:
    """What the version before carried in the half hour before the move, and the new one in the half hour after."""
    if deployment.live_at is None:
        return None, None
    before = traffic_by_version(deployment.project, deployment.live_at - AROUND, deployment.live_at)
    until = min(deployment.live_at + AROUND, deployment.ended_at or timezone.now())
    after = traffic_by_version(deployment.project, deployment.live_at, until)
    old = deployment.previous.tag if deployment.previous else ""
    return _of(before, old), _of(after, deployment.version.tag)


def _of(rows: Sequence[Traffic], tag: str) -> Traffic | None:
    return next((row for row in rows if row.model_tag == tag), None)


def _answered(project: Project, since: datetime, until: datetime) -> QuerySet[Prediction]:
    rows = Prediction.objects.filter(project=project, created_at__gte=since, created_at__lt=until)
    # A draft is no version, and asks no server.
    return rows.exclude(source=Prediction.Source.OUTSIDE).exclude(model_tag=draft_tag(project))


def _failed(project: Project, since: datetime, until: datetime) -> QuerySet[FailedRequest]:
    return FailedRequest.objects.filter(project=project, created_at__gte=since, created_at__lt=until)


def _points(rows: Any) -> list[dict[str, Any]]:
    return [{**row, "at": _ms(row["at"])} for row in rows]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
