"""Upload a file of samples, watch its import, download what was wrong with it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.forms import ImportForm
from labeling.models import ImportBatch, Project
from labeling.views.base import actor, page_context, person, polls, rights_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, key: str) -> HttpResponse:
    """The upload form and the newest imports; a POST queues an import and leads to its page."""
    project = project_for(person(request), key, Right.IMPORT)
    may_approve = Right.REVIEW in rights_of(person(request), project)
    form = ImportForm(request.POST or None, request.FILES or None, project=project, may_approve=may_approve)
    if request.method == "POST" and form.is_valid():
        try:
            upload = form.cleaned_data["file"]
            batch = services.start_import(actor(request), project, upload, form.options)
            return redirect("labeling:import", key, batch.uid)
        except (ProblemError, PermissionDenied) as error:
            form.add_error(None, str(error))
    batches = ImportBatch.objects.filter(project=project).select_related("created_by")[:20]
    context = page_context(request, project, "samples", form=form, batches=batches)
    return render(request, "labeling/imports.html", context)


@login_required
@require_safe
def batch(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One import: progress, counts, bad rows. The page asks again every second while it runs."""
    project = project_for(person(request), key, Right.IMPORT)
    batch = _batch(project, uid)
    template = "labeling/partials/import_state.html" if polls(request) else "labeling/import.html"
    return render(request, template, page_context(request, project, "samples", batch=batch))


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
    return get_object_or_404(ImportBatch.objects.filter(project=project).select_related("created_by"), uid=uid)
