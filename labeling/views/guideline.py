"""The guideline: read beside the text under review, written and kept in versions by managers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.differences import pieces, shortened
from labeling.forms_desk import GuidelineForm, PreselectForm
from labeling.markdown import to_html
from labeling.models import Guideline, Project
from labeling.services.guidelines import MAX_GUIDELINE
from labeling.views.base import actor, page_context, part_of_page, person, polls

SHOWN = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def guideline(request: HttpRequest, key: str) -> HttpResponse:
    """The version in force, or the one asked for; HTMX gets what the panel shows. A POST previews, or saves."""
    if request.method == "POST":
        return _write(request, project_for(person(request), key, Right.MANAGE))
    project = project_for(person(request), key, Right.VIEW)
    asked = request.GET.get("version", "")
    newest = services.guideline_of(project)
    shown = newest
    if asked:
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
        shown = get_object_or_404(project.guidelines.select_related("author"), number=number)
    if polls(request):
        context = {"project": project, "spec": project.spec, "html": to_html(shown.text) if shown else ""}
        return part_of_page(render(request, "labeling/partials/guideline.html", context))
    form = GuidelineForm(initial={"text": shown.text if shown else "", "after": newest.number if newest else 0})
    return _page(request, project, form, shown=shown, is_old=shown != newest)


def _write(request: HttpRequest, project: Project) -> HttpResponse:
    form = GuidelineForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form, status=400)
    text = form.cleaned_data["text"]
    if "preview" in request.POST:
        if len(text) > MAX_GUIDELINE:
            form.add_error("text", f"{len(text):,} characters; at most {MAX_GUIDELINE:,} are read by people.")
            return _page(request, project, form, status=400)
        html = to_html(text)
        if polls(request):
            return part_of_page(render(request, "labeling/partials/guideline_preview.html", {"preview": html}))
        return _page(request, project, form, preview=html, has_preview=True)
    try:
        row = services.write_guideline(actor(request), project, text, after=form.cleaned_data["after"])
    except ProblemError as problem:
        form.add_error("text", str(problem))
        # What is compared by hand now is the version that came in between.
        newest = services.guideline_of(project)
        again = request.POST.copy()
        again["after"] = str(newest.number if newest else 0)
        form.data = again
        return _page(request, project, form, shown=newest, status=problem.problem_status)
    messages.success(request, f"Saved: version {row.number} is in force.")
    return redirect("labeling:guideline", project.key)


@login_required
@require_POST
def preselect(request: HttpRequest, key: str) -> HttpResponse:
    """From which sureness on proposals are filled in."""
    project = project_for(person(request), key, Right.MANAGE)
    form = PreselectForm(request.POST, instance=Project(kind=project.kind))
    if not form.is_valid():
        shown = services.guideline_of(project)
        written = GuidelineForm(initial={"text": shown.text if shown else "", "after": shown.number if shown else 0})
        return _page(request, project, written, shown=shown, preselect=form, status=400)
    asked = form.cleaned_data["preselect_from"]
    services.update_project(actor(request), project, preselect_from=asked)
    said = (
        f"Saved: proposals less than {asked} % sure are not filled in."
        if asked
        else "Saved: all proposals are filled in."
    )
    messages.success(request, said)
    return redirect("labeling:guideline", key)


def _page(
    request: HttpRequest, project: Project, form: GuidelineForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    shown: Guideline | None = more.get("shown")
    before = project.guidelines.filter(number=shown.number - 1).first() if shown and shown.number > 1 else None
    context: dict[str, Any] = {
        "form": form,
        "spec": project.spec,
        "html": to_html(shown.text) if shown else "",
        "changes": shortened(pieces(before.text, shown.text) or []) if before and shown else [],
        "versions": project.guidelines.select_related("author").defer("text").order_by("-number")[:SHOWN],
        "preselect": PreselectForm(instance=project),
        **more,
    }
    return render(
        request, "labeling/guideline.html", page_context(request, project, "guideline", **context), status=status
    )
