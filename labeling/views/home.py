"""Home: the projects that one may see. A project's own page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling import panels
from labeling.access import Right, project_for, projects_for, roles_with
from labeling.models import GoldenSample, Membership, Project, Review, Sample, User
from labeling.project_facts import golden_of, pace_of
from labeling.querysets import COUNT_CAP, capped_count, capped_count_of
from labeling.services.fitting import reasons
from labeling.services.vectors.progress import progress
from labeling.steps import checklist
from labeling.views.base import may_add_projects, page_context, person, rights_of

MOST_ARCHIVED = 50


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All projects open to this person, with what waits in each."""
    newest_golden = GoldenSample.objects.current().filter(project=OuterRef("pk")).order_by("-id")
    projects = projects_for(person(request)).annotate(
        waiting=capped_count_of(Sample.objects.pending()),
        golden=capped_count_of(GoldenSample.objects.current()),
        last_golden_at=Subquery(newest_golden.values("created_at")[:1]),
        may_review=Exists(_reviewing(person(request))),
    )
    page = Paginator(projects, 24).get_page(request.GET.get("page"))
    archived = projects_for(person(request), Right.MANAGE, also_archived=True).exclude(archived_at=None)
    context = {
        "page": page,
        "cap": COUNT_CAP,
        "may_create": may_add_projects(person(request)),
        "archived": archived.order_by("-archived_at")[:MOST_ARCHIVED],
    }
    return render(request, "labeling/home.html", context)


@login_required
@require_safe
def project(request: HttpRequest, key: str) -> HttpResponse:
    """One project: its queue, its golden samples, who works in it, and what higher floors have to say."""
    project = project_for(person(request), key, Right.VIEW)
    spec = project.specs.order_by("-number").first()
    golden, weeks = golden_of(project), pace_of(project)
    context = page_context(
        request,
        project,
        "project",
        spec=spec,
        checklist=checklist(project, rights_of(person(request), project)),
        left_out=reasons(golden.left_out),
        left_out_total=golden.left_out.total(),
        facts=golden,
        weeks=weeks,
        waiting=capped_count(Sample.objects.pending().filter(project=project)),
        cap=COUNT_CAP,
        golden=golden.by_split,
        reviews=Review.objects.filter(sample__project=project).select_related("sample", "reviewer", "prediction")[:8],
        experts=_experts(project),
        panels=panels.render("project", request, project),
        vectors=progress(project),
    )
    return render(request, "labeling/project.html", context)


def _reviewing(user: User) -> QuerySet[Any]:
    """What is there where a person may review the project of the row outside."""
    if user.is_superuser:
        return Project.objects.filter(pk=OuterRef("pk"))
    roles = Membership.objects.in_force().filter(user=user, role__in=roles_with(Right.REVIEW))
    return roles.filter(project=OuterRef("pk"))


def _experts(project: Project) -> list[dict[str, object]]:
    last = Review.objects.filter(sample__project=project, reviewer=OuterRef("user")).order_by("-id")
    members = Membership.objects.in_force().filter(project=project).order_by("user__username")
    rows: Any = members.annotate(last_review_at=Subquery(last.values("created_at")[:1])).select_related("user")[:50]
    return [{"user": row.user, "role": row.role, "last_review_at": row.last_review_at} for row in rows]
