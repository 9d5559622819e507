"""The list of samples, and one sample with all that happened to it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from common.problems import ProblemError
from common.text import storable
from labeling import panels, services
from labeling.access import Right, in_project, project_for
from labeling.forms_desk import CommentForm
from labeling.models import Project, Sample, SampleState, Split, WayIn
from labeling.services.fitting import carried
from labeling.timeline import hidden_from, timeline_of
from labeling.views.base import actor, page_context, person

PAGE = 50
RECHECKED = (
    "Its answer is asked for again, without a proposal, and that of another test text with it. The review page shows "
    "both to others first."
)


@login_required
@require_safe
def samples(request: HttpRequest, key: str) -> HttpResponse:
    """Newest first, searched and filtered; pages by id, so the thousandth is as quick as the first."""
    project = project_for(person(request), key, Right.VIEW)
    asked = {name: storable(request.GET.get(name, "")).strip() for name in ("q", "state", "split", "way_in")}
    rows = in_project(Sample.objects.order_by("-id"), project).defer("content_hash", "group_hash", "text_digest")
    if asked["q"]:
        rows = rows.matching(asked["q"])  # type: ignore[attr-defined]  # in_project keeps the queryset's class
    if asked["state"] in SampleState.values:
        rows = rows.filter(state=asked["state"])
    if asked["split"] in Split.values:
        rows = rows.filter(split=asked["split"])
    if asked["way_in"] in WayIn.values:
        rows = rows.filter(way_in=asked["way_in"])
    before = _before(project, request.GET.get("before", ""))
    found = list((rows.filter(id__lt=before) if before else rows)[: PAGE + 1])
    context = page_context(
        request,
        project,
        "samples",
        samples=found[:PAGE],
        more=found[PAGE - 1] if len(found) > PAGE else None,
        first_page=not before,
        asked=asked,
        filtered=any(asked.values()),
        states=SampleState.choices,
        splits=Split.choices,
        ways=WayIn.choices,
    )
    return render(request, "labeling/samples.html", context)


def _before(project: Project, uid: str) -> int | None:
    try:
        sample = in_project(Sample.objects.all(), project).filter(uid=UUID(uid)).first()
    except ValueError:
        return None
    return sample.pk if sample else None


@login_required
@require_safe
def sample(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One sample: its text, its golden answer, and everything that models and people said of it.

    Of a test text that waits for its answer only what its experts may see.
    """
    project = project_for(person(request), key, Right.VIEW)
    rows = Sample.objects.select_related("batch", "lease_user", "project").filter(project=project)
    sample = get_object_or_404(rows, uid=uid)
    own = services.not_looked(person(request).pk, sample)
    golden = sample.golden_samples.current().select_related("spec").first()
    context: dict[str, Any] = {
        "sample": sample,
        "golden": golden,
        "golden_today": carried(golden.spec, golden.answer, project.spec.to_spec()) if golden else None,
        "withdrawal": sample.withdrawals.select_related("user").first()
        if sample.state == SampleState.WITHDRAWN
        else None,
        "must_pass": sample.must_passes.in_force().select_related("user").first(),
        "own": own,
        "timeline": timeline_of(sample, without_models=own is not None),
        "hidden": hidden_from(sample),
        "panels": panels.render("sample", request, sample),
        "comment_form": CommentForm(initial={"text": request.session.pop("comment", {}).get(str(uid), "")}),
    }
    return render(request, "labeling/sample.html", page_context(request, project, "samples", **context))


@login_required
@require_POST
def review_this(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Take this sample to review now; a decided one is reopened for it, a test text with an answer for others."""
    project = project_for(person(request), key, Right.REVIEW)
    sample = get_object_or_404(Sample.objects.select_related("project").filter(project=project), uid=uid)
    try:
        if sample.state == SampleState.PENDING:
            services.choose(actor(request), sample)
        elif sample.split == Split.TEST and sample.state == SampleState.GOLDEN:
            services.recheck(actor(request), sample)
            messages.success(request, RECHECKED)
            return redirect("labeling:sample", key, uid)
        else:
            services.reopen(actor(request), sample)
    except (ProblemError, PermissionDenied) as error:
        messages.error(request, str(error))
        return redirect("labeling:sample", key, uid)
    return redirect("labeling:review", key)
