"""One run: its progress, its loss, its log, its lineage; and what a person orders of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import yaml
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.actor import Actor
from common.problems import ProblemError
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.views.base import actor, page_context, person, polls
from training import queries
from training.keeping import nothing_to_keep
from training.models import TrainingRun
from training.services import cancel_run, judge_too, keep_best, pause_run, repeat_run, resume_run, run_folder
from training.services.engine_process import log_tail
from training.standing import round_of
from training.workers import queue_is_alive

LOG_LINES = 40


def _run(request: HttpRequest, key: str, uid: UUID, right: Right) -> tuple[Project, TrainingRun]:
    project = project_for(person(request), key, right)
    return project, get_object_or_404(queries.run_rows(project), uid=uid)


@login_required
@never_cache
@require_safe
def run(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """The run's page; HTMX asks for its changing parts until the run has ended."""
    project, row = _run(request, key, uid, Right.VIEW)
    polled = polls(request)
    version = queries.version_of(row)
    context: dict[str, Any] = {
        "run": row,
        "round": round_of(row),
        "version": version,
        # These belong to floors above; the relations' names are all that is known of them here.
        "benchmarks": version.benchmarks.order_by("-id")[:5] if version else [],
        "deployments": version.deployments.order_by("-id")[:5] if version else [],
        "ahead": queries.runs_ahead(row) if row.state == TrainingRun.State.QUEUED else 0,
        "worker_alive": queue_is_alive(row.way.queue),
        "figures": queries.figures(row),
        "evaluation": queries.newest_evaluation(row),
        "warnings": queries.warnings(row),
        "left_out": queries.rows_left_out(row),
        "log": log_tail(run_folder(row), LOG_LINES),
        "device": row.environment.get("device", {}),
        "libraries": {name: number for name, number in row.environment.get("libraries", {}).items() if number},
        "nothing_to_keep": nothing_to_keep(row) if row.unfinished or row.can_go_on else "",
        "polls": polled,
    }
    if not polled:
        context["config"] = yaml.safe_dump(row.config)
    template = "training/partials/run_poll.html" if polled else "training/run.html"
    return render(request, template, page_context(request, project, "runs", **context))


@login_required
@never_cache
@require_safe
def curve(request: HttpRequest, key: str, uid: UUID) -> JsonResponse:
    """Points of the loss after event `?after=`, for the chart."""
    _, row = _run(request, key, uid, Right.VIEW)
    after = request.GET.get("after", "0")
    # Event numbers are 32-bit in the database.
    found = queries.curve(row, int(after) if after.isdecimal() and len(after) < 10 else 0)
    return JsonResponse(found | {"unfinished": row.unfinished})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Confirm, then cancel."""
    return _confirmed(request, key, uid, cancel_run, "cancel", "The run is cancelled at its next step at the latest.")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Confirm, then have the run end and keep its best."""
    said = "It ends at its next step at the latest, and makes a version of the best that it has."
    return _confirmed(request, key, uid, keep_best, "keep", said)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def judge(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Confirm, then make a version of a run that is not the candidate of its round."""

    def verb(actor: Actor, row: TrainingRun) -> TrainingRun:
        judge_too(actor, row)
        return row

    return _confirmed(request, key, uid, verb, "judge", "Its version is being built, staged and judged.")


@login_required
@never_cache
@require_POST
def pause(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Have it stand still; nothing is lost by that, so nothing is asked."""
    return _confirmed(request, key, uid, pause_run, "pause", "It pauses at its next step at the latest.")


@login_required
@never_cache
@require_POST
def resume(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Have it go on from its last checkpoint."""
    return _confirmed(request, key, uid, resume_run, "resume", "It goes on from its last checkpoint.")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Confirm, then queue a new run like this one; its page follows."""
    return _confirmed(request, key, uid, repeat_run, "repeat", "Queued again, on the same snapshot.")


def _confirmed(
    request: HttpRequest, key: str, uid: UUID, verb: Callable[[Actor, TrainingRun], TrainingRun], name: str, said: str
) -> HttpResponse:
    project, row = _run(request, key, uid, Right.OPERATE)
    if request.method != "POST":
        return render(request, "training/confirm.html", page_context(request, project, "runs", run=row, verb=name))
    try:
        done = verb(actor(request), row)
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
        return redirect("training:run", project.key, row.uid)
    messages.success(request, said)
    return redirect("training:run", project.key, done.uid)
