"""Ask for a file of the project's texts, watch it being written, download it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for, require
from labeling.export_doors import file_of
from labeling.formats import WRITERS
from labeling.forms_exports import ExportForm
from labeling.models import Export, Project
from labeling.views.base import actor, page_context, person, polls, problems_as_messages, rights_of

SHOWN = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest, key: str) -> HttpResponse:
    """The form and the newest exports; a POST queues an export and leads to its page."""
    project = project_for(person(request), key, Right.OPERATE)
    may_manage = Right.MANAGE in rights_of(person(request), project)
    form = ExportForm(request.POST or None, project=project, may_manage=may_manage)
    if request.method == "POST" and form.is_valid():
        try:
            export = services.start_export(actor(request), project, **form.asked)
            return redirect("labeling:export", key, export.uid)
        except (ProblemError, PermissionDenied) as error:
            form.add_error(None, str(error))
    rows = Export.objects.filter(project=project).select_related("created_by")
    page = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    context = page_context(request, project, "exports", form=form, page=page, formats=WRITERS.values())
    return render(request, "labeling/exports.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def export(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One export: progress, counts, the file. The page asks again every second while it is being written."""
    project = project_for(person(request), key, Right.OPERATE)
    row = _export(project, uid)
    may_take = services.right_to(row).value in rights_of(person(request), project)
    title = WRITERS[row.format].title if row.format in WRITERS else row.format
    template = "labeling/partials/export_state.html" if polls(request) else "labeling/export.html"
    context = page_context(request, project, "exports", export=row, may_take=may_take, title=title)
    return render(request, template, context)


@login_required
@require_safe
def file(request: HttpRequest, key: str, uid: UUID) -> HttpResponse | FileResponse:
    """The file; where there is none, back to the export's page, which says why."""
    project = project_for(person(request), key, Right.OPERATE)
    row = _export(project, uid)
    require(actor(request), project, services.right_to(row))
    with problems_as_messages(request):
        return file_of(row)
    return redirect("labeling:export", key, uid)


@login_required
@require_POST
def cancel(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """End it; nothing of its file stays."""
    project = project_for(person(request), key, Right.OPERATE)
    with problems_as_messages(request):
        services.cancel_export(actor(request), _export(project, uid))
    return redirect("labeling:export", key, uid)


def _export(project: Project, uid: UUID) -> Export:
    return get_object_or_404(Export.objects.filter(project=project).select_related("created_by", "project"), uid=uid)
