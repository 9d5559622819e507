"""The settings of a project: all sections at a glance, and each with its form. Higher floors register theirs."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.models import Project
from labeling.sections import Section, section_named, sections
from labeling.settings_form import SettingsForm
from labeling.views.base import actor, page_context, person, rights_of


@login_required
@require_safe
def settings(request: HttpRequest, key: str) -> HttpResponse:
    """Every section that one may change, with how it stands."""
    project = project_for(person(request), key, Right.OPERATE)
    shown = [(each, each.says(project)) for each in sections(rights_of(person(request), project))]
    return render(request, "labeling/settings.html", page_context(request, project, "settings", sections=shown))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_of(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """One section; `preset` in the address fills its form in. A POST saves it."""
    section = section_named(name)
    project = project_for(person(request), key, section.right if section else Right.OPERATE)
    if section is None:
        raise Http404(f"There are no settings called {name}.")
    form = section.form(project, request.POST if request.method == "POST" else None, request.GET.get("preset", ""))
    if not form.is_bound:
        return _page(request, project, section, form, 200)
    if not form.is_valid():
        return _page(request, project, section, form, 400)
    try:
        _save(request, project, section, form)
    except services.ChangedMeanwhileError as problem:
        form.fresh(problem.now)
        form.add_error(None, str(problem))
        return _page(request, project, section, form, problem.problem_status)
    except (ProblemError, PermissionDenied) as problem:
        form.add_error(None, str(problem))
        return _page(request, project, section, form, getattr(problem, "problem_status", 403))
    return redirect("labeling:settings", project.key)


def _save(request: HttpRequest, project: Project, section: Section, form: SettingsForm) -> None:
    with services.unless_changed(project, form.cleaned_data["premise"], lambda: section.form.current(project)):
        changed = bool(form.changes)
        if changed:
            section.save(actor(request), project, form)
    if changed:
        messages.success(request, f"{section.title}: saved.")
    else:
        messages.info(request, f"{section.title}: nothing was changed.")


def _page(request: HttpRequest, project: Project, section: Section, form: SettingsForm, status: int) -> HttpResponse:
    context = page_context(request, project, "settings", opened=section, form=form)
    return render(request, "labeling/settings_of.html", context, status=status)
