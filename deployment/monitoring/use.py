"""What a version met in a stretch of time, as the comparison takes it: bounded reads, one statement for each signal."""

import math
from datetime import datetime
from typing import Any

from django.db.models import F, Func, IntegerField, Q, QuerySet
from django.db.models.functions import Mod

from common.stratified import Seen
from deployment.models import FailedRequest
from deployment.monitoring.comparison import Use
from labeling.models import Feedback, ParseStatus, Prediction, Project, Review

# Rows of a signal that are read, at most. Of more requests than that a part is looked at, spread over the whole time.
MOST = 1_280
# Proposals that experts decided: these are few, and none is left out before so many.
MOST_DECIDED = 960
Action, Source = Review.Action, Prediction.Source


class _Bytes(Func):
    """The length of a text in bytes, which PostgreSQL knows without reading the text."""

    function = "OCTET_LENGTH"
    output_field = IntegerField()


def thinning(project: Project, tag: str, since: datetime, until: datetime, most: int = MOST) -> int:
    """Look at each so-and-so-many-th request only, so that about `most` of a time like this one are read."""
    rows = Prediction.objects.filter(project=project, model_tag=tag, created_at__gte=since, created_at__lt=until)
    return max(1, math.ceil(rows.count() / most))


def requests_of(
    project: Project, tag: str, since: datetime, until: datetime, *, latest: bool, every: int = 1, most: int = MOST
) -> Use:
    """Errors, unreadable answers, thumbs and latencies of at most `most` requests each: the last ones or the first.

    Proposals for the queue are left out: the worker asks for those, all at once after a move, and nobody waits.
    """
    span = Q(project=project, created_at__gte=since, created_at__lt=until)
    answered = Prediction.objects.filter(span, model_tag=tag).exclude(source__in=[Source.QUEUE, Source.OUTSIDE])
    rows = _bounded(
        _thinned(answered, every).values_list("created_at", "source", _Bytes("sample__text"), "status", "latency_ms"),
        latest,
        most,
    )
    failed = _thinned(FailedRequest.objects.filter(span, model_tag=tag), every)
    moments = [(at, 0.0) for at, *_ in rows]
    moments += [(at, 1.0) for (at,) in _bounded(failed.values_list("created_at"), latest, most)]
    moments.sort()
    return Use(
        # Of a request that nobody answered neither source nor text is known, so these are compared as one.
        errors=[("", bad) for _, bad in (moments[-most:] if latest else moments[:most])],
        unreadable=[(_like(source, size), float(status == ParseStatus.FAILED)) for _, source, size, status, _ in rows],
        disliked=_thumbs(span, tag, latest, most),
        slower=[(_like(source, size), float(ms)) for _, source, size, _, ms in rows if ms is not None],
    )


def _thumbs(span: Q, tag: str, latest: bool, most: int) -> list[Seen]:
    """One for each prediction, by the last word on it."""
    given = Feedback.objects.filter(span, prediction__model_tag=tag, thumb__isnull=False)
    given = given.exclude(prediction__source__in=[Source.QUEUE, Source.OUTSIDE])
    rows = given.values_list(
        "created_at", "prediction", "prediction__source", _Bytes("prediction__sample__text"), "thumb"
    )
    found: dict[int, Seen] = {}
    for _, prediction, source, size, thumb in _bounded(rows, latest, most):
        found[prediction] = (_like(source, size), float(thumb == Feedback.Thumb.DOWN))
    return list(found.values())


def decided_of(
    project: Project, tag: str, since: datetime, until: datetime, *, latest: bool, most: int = MOST_DECIDED
) -> list[Seen]:
    """The version's proposals that experts confirmed (0.0) or corrected (1.0), in order: the last ones or the first.

    Blind reviews have no proposal, rejected and skipped texts say nothing of one, and what was taken back is out. Alike
    are those of one expert and one task, by source and length: experts differ in how much they let pass.
    """
    rows = Review.objects.filter(
        prediction__project=project,
        prediction__model_tag=tag,
        action__in=[Action.CONFIRM, Action.CORRECT],
        undone_by=None,
        created_at__gte=since,
        created_at__lt=until,
    ).values_list(
        "created_at",
        "reviewer",
        "spec",
        "prediction__source",
        _Bytes("prediction__sample__text"),
        "action",
        named=False,
    )
    return [
        ((reviewer, spec, *_like(source, size)), float(action == Action.CORRECT))
        for _, reviewer, spec, source, size, action in _bounded(rows, latest, most)
    ]


def _like(source: str, size: int | None) -> tuple[str, int]:
    """The stratum of an answer: who asked, and how long the text was, up to four times; -1 where it was not kept."""
    return source, -1 if size is None else max(size, 1).bit_length() // 2


def _thinned(rows: QuerySet[Any], every: int) -> QuerySet[Any]:
    return rows.annotate(turn=Mod(F("pk"), every)).filter(turn=0) if every > 1 else rows


def _bounded(rows: Any, latest: bool, most: int) -> list[Any]:
    """In order of time. The first rows are taken by time, so that no index of the project is walked from its start."""
    if latest:
        return list(reversed(rows.order_by("-pk")[:most]))
    return list(rows.order_by("created_at", "pk")[:most])
