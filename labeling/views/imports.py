"""Upload a file of samples, look at it, try it, watch its import, download what was wrong with it."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.forms_imports import ImportForm, ImportOptionsForm, fields_of
from labeling.models import ImportBatch, Project
from labeling.views.base import actor, page_context, person, polls, problems_as_messages, rights_of

SHOWN = 20
# What is asked beside the columns; the rest is folded.
_ANSWERING = ("answers", "join", "told")
_ROLES = {"text_column": "Text", "labels_column": "Answer", "id_column": "Your id"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, key: str) -> HttpResponse:
    """The upload form and the newest imports; a POST keeps the file, queued or to be looked at, and leads there."""
    project = project_for(person(request), key, Right.IMPORT)
    may_approve = Right.REVIEW in rights_of(person(request), project)
    form = ImportForm(request.POST or None, request.FILES or None, project=project, may_approve=may_approve)
    if request.method == "POST" and form.is_valid():
        begin = services.keep_upload if "look" in request.POST else services.start_import
        try:
            batch = begin(actor(request), project, form.cleaned_data["file"], form.options)
            return redirect("labeling:import", key, batch.uid)
        except (ProblemError, PermissionDenied) as error:
            form.add_error(None, str(error))
    batches = ImportBatch.objects.filter(project=project).select_related("created_by")
    page = Paginator(batches, SHOWN).get_page(request.GET.get("page"))
    context = page_context(request, project, "imports", form=form, page=page)
    return render(request, "labeling/imports.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One import: progress, counts, bad rows. The page asks again every second while it runs.

    Where it is not imported yet, its first rows with the columns to choose; a POST looks again, tries it or starts it.
    """
    project = project_for(person(request), key, Right.IMPORT)
    batch = _batch(project, uid)
    may_start = services.may_start(batch)
    if polls(request):
        context = page_context(request, project, "imports", batch=batch, may_start=may_start)
        return render(request, "labeling/partials/import_state.html", context)
    may_approve = Right.REVIEW in rights_of(person(request), project)
    data = request.POST if request.method == "POST" else fields_of(batch.options)
    form = ImportOptionsForm(data, project=project, may_approve=may_approve)
    if request.method == "POST" and form.is_valid() and "look" not in request.POST:
        with problems_as_messages(request):
            services.queue_import(actor(request), batch, form.options, is_trial="try" in request.POST)
            return redirect("labeling:import", key, uid)
    context = {"batch": batch, "may_start": may_start, "form": form, **(_look(batch, form) if may_start else {})}
    return render(request, "labeling/import.html", page_context(request, project, "imports", **context))


def _look(batch: ImportBatch, form: ImportOptionsForm) -> dict[str, Any]:
    """The first rows, and for each role of a column which one is chosen, or likely."""
    found = services.look(batch, form.options if form.is_valid() else {})
    likely = {"text_column": found.likely_text}
    roles = []
    for name, title in _ROLES.items():
        if name in form.fields:
            chosen = str(form.data.get(name) or likely.get(name, ""))
            columns = [(column, column == chosen) for column in found.columns]
            roles.append({"name": name, "title": title, "columns": columns, "is_open": chosen not in found.columns})
    of_table = list(_ROLES) if found.columns else []
    return {"look": found, "roles": roles, "of_table": of_table, "answering": _ANSWERING}


@login_required
@require_POST
def cancel(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """End an import; what has come in stays."""
    project = project_for(person(request), key, Right.IMPORT)
    with problems_as_messages(request):
        services.cancel_import(actor(request), _batch(project, uid))
    return redirect("labeling:import", key, uid)


@login_required
@require_safe
def report(request: HttpRequest, key: str, uid: UUID) -> FileResponse:
    """The bad rows of an import, as CSV: line number and reason."""
    project = project_for(person(request), key, Right.IMPORT)
    batch = _batch(project, uid)
    if not batch.report:
        raise Http404("This import has no bad rows.")
    name = f"{batch.name}.bad-rows.csv"
    return FileResponse(batch.report.open("rb"), as_attachment=True, filename=name, content_type="text/csv")


def _batch(project: Project, uid: UUID) -> ImportBatch:
    rows = ImportBatch.objects.filter(project=project).select_related("created_by", "project")
    return get_object_or_404(rows, uid=uid)
