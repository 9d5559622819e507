"""Home: the projects that one may see. A project's own page."""

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling import panels
from labeling.access import Right, project_for, projects_for
from labeling.models import GoldenSample, Project, Review, Sample, Split
from labeling.querysets import COUNT_CAP, capped_count, capped_count_of
from labeling.services.fitting import answers_left_out, reasons
from labeling.services.vectors.progress import progress
from labeling.views.base import may_add_projects, page_context, person


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All projects open to this person, with what waits in each."""
    newest_golden = GoldenSample.objects.current().filter(project=OuterRef("pk")).order_by("-id")
    projects = projects_for(person(request)).annotate(
        waiting=capped_count_of(Sample.objects.pending()),
        golden=capped_count_of(GoldenSample.objects.current()),
        last_golden_at=Subquery(newest_golden.values("created_at")[:1]),
    )
    page = Paginator(projects, 24).get_page(request.GET.get("page"))
    context = {"page": page, "cap": COUNT_CAP, "may_create": may_add_projects(person(request))}
    return render(request, "labeling/home.html", context)


@login_required
@require_safe
def project(request: HttpRequest, key: str) -> HttpResponse:
    """One project: its queue, its golden samples, who works in it, and what higher floors have to say."""
    project = project_for(person(request), key, Right.VIEW)
    spec = project.specs.order_by("-number").first()
    left_out = answers_left_out(project) if spec else Counter[str]()
    context = page_context(
        request,
        project,
        "project",
        spec=spec,
        left_out=reasons(left_out),
        left_out_total=left_out.total(),
        waiting=capped_count(Sample.objects.pending().filter(project=project)),
        cap=COUNT_CAP,
        golden=_golden_by_split(project),
        reviews=Review.objects.filter(sample__project=project).select_related("sample", "reviewer", "prediction")[:8],
        experts=_experts(project),
        panels=panels.render("project", request, project),
        vectors=progress(project),
    )
    return render(request, "labeling/project.html", context)


def _golden_by_split(project: Project) -> dict[str, int]:
    rows = GoldenSample.objects.current().filter(project=project).order_by()
    counted = dict(rows.values_list("sample__split").annotate(Count("id")))
    return {split.value: counted.get(split.value, 0) for split in Split}


def _experts(project: Project) -> list[dict[str, object]]:
    last = Review.objects.filter(sample__project=project, reviewer=OuterRef("user")).order_by("-id")
    members = project.memberships.select_related("user").order_by("user__username")
    rows = members.annotate(last_review_at=Subquery(last.values("created_at")[:1]))[:50]
    return [{"user": row.user, "role": row.role, "last_review_at": row.last_review_at} for row in rows]
