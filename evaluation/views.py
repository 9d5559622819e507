"""Pages of this floor: the benchmarks of a project, one benchmark with its cases, one case; judging again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from common.text import storable
from deployment.artifacts.verdicts import staleness
from deployment.live import live_version
from deployment.models import StagedVersion
from evaluation import effort, figures, neighbours, queries, suite_pages
from evaluation.advice import before
from evaluation.forms import BackForm
from evaluation.gains import gains_of
from evaluation.models import Benchmark, GateReport, Suite
from evaluation.scorers import scorer_of
from evaluation.seeds import spread_of
from evaluation.services import policy_of, rejudge
from evaluation.services.looks import gauge_of
from evaluation.services.references import reference_version
from labeling.access import Right, project_for
from labeling.kinds import kind_of
from labeling.models import GoldenSample, Project
from labeling.services import cases_left_out
from labeling.services.fitting import misfits
from labeling.views.base import actor, page_context, person, polls, problems_as_messages

PAGE = 20
CASES = 25
REPORTS = 6
LOOKS = 20
GAINS = 20


@login_required
@never_cache
@require_safe
def benchmarks(request: HttpRequest, key: str) -> HttpResponse:
    """What the gate said, and every benchmark; HTMX asks for its changing part while something is in motion."""
    project = project_for(person(request), key, Right.VIEW)
    page = Paginator(queries.benchmark_rows(project), PAGE).get_page(request.GET.get("page"))
    unjudged, live = list(queries.unjudged_rows(project)), live_version(project)
    policy = policy_of(project)
    shown = figures.columns(project, *(row.metrics for row in page))
    context: dict[str, Any] = {
        "page": page,
        "rows": [(row, figures.figures(shown, row.metrics)) for row in page],
        "titles": shown,
        "reports": [(report, staleness(report.staged, live)) for report in queries.newest_reports(project, REPORTS)],
        "unjudged": unjudged,
        "policy": policy,
        "gauge": gauge_of(project, policy),
        "looks": queries.newest_looks(project, LOOKS),
        "in_motion": bool(unjudged) or any(row.state in queries.UNFINISHED for row in page),
    }
    if polls(request):
        part = "evaluation/partials/benchmarks.html"
        return render(request, part, page_context(request, project, "benchmarks", **context))
    judging = GoldenSample.objects.judging().filter(project=project)
    unfit = misfits(judging, project.spec.to_spec())
    context["judging"] = judging.count() - unfit.total()
    context["advice"] = before(context["judging"], 1 - policy.confidence, policy.min_cases)
    context["effort"] = _effort(project, policy.min_cases - context["judging"])
    context |= _gains(project)
    context["left_out"] = cases_left_out(project) | dict(unfit)
    newest = Suite.objects.filter(project=project, role=Suite.Role.GATE).first()
    context |= {"made_of": suite_pages.made_of(newest), "hard": suite_pages.hard_cases(project)}
    return render(request, "evaluation/benchmarks.html", page_context(request, project, "benchmarks", **context))


@login_required
@never_cache
@require_safe
def benchmark(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One benchmark: progress while it runs, then its figures, what stands beside it, the gate, and the cases."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(queries.benchmark_rows(project), uid=uid)
    if polls(request) and row.state in queries.UNFINISHED:
        return render(request, "evaluation/partials/progress.html", {"benchmark": row})
    report = queries.report_on(row)
    others = list(queries.beside(row))
    reference = queries.reference_of(row, report, others)
    simple = queries.baselines_of(row)
    titles, compared = figures.comparison(row, others, simple)
    spec = row.version.spec
    context: dict[str, Any] = {
        "benchmark": row,
        "below": neighbours.below_best(row, simple),
        "encoder": "" if row.suite.is_hard else neighbours.encoder_line(row, simple),
        "made_of": suite_pages.made_of(row.suite),
        "lost": suite_pages.lost_must_pass(report),
        "figures": figures.figures(figures.columns(spec, row.metrics), row.metrics),
        "told": scorer_of(spec).told(row.metrics),
        "latencies": figures.latencies(row.metrics),
        "titles": titles,
        "comparison": compared,
        "labels": figures.label_rows(row, reference),
        "part": scorer_of(spec).rows[1],
        "report": report,
        "stale": staleness(report.staged, live_version(project)) if report else "",
        "effort": _effort(project, (report.told.get("advice") or {}).get("more")) if report else "",
        "seeds": spread_of(row),
        "moved_on": _moved_on(report),
        "reference": reference,
        **_cases(request, row, reference),
    }
    page = render(request, "evaluation/benchmark.html", page_context(request, project, "benchmarks", **context))
    if polls(request):
        # It ended since the page was loaded: all of the page has changed, and is brought up to date in place.
        page["HX-Retarget"], page["HX-Reselect"], page["HX-Reswap"] = "#main", "#main", "morph"
    return page


@login_required
@require_safe
def case(request: HttpRequest, key: str, uid: UUID, position: int) -> HttpResponse:
    """The whole trace of one case, beside the reference's answer and the other versions'."""
    project = project_for(person(request), key, Right.VIEW)
    row = get_object_or_404(queries.benchmark_rows(project), uid=uid)
    others = list(queries.beside(row))
    reference = queries.reference_of(row, queries.report_on(row), others)
    results = queries.case_rows(row, reference)
    result = get_object_or_404(results, case__position=position)
    simple = queries.baselines_of(row)
    context: dict[str, Any] = {
        "benchmark": row,
        "below": neighbours.below_best(row, simple),
        "encoder": neighbours.encoder_line(row, simple),
        "result": result,
        "difference": kind_of(project).difference(result.case.expected, result.answer) if result.answer else "",
        "reference": reference,
        "before": results.filter(case__position__lt=position).last(),
        "after": results.filter(case__position__gt=position).first(),
    }
    return render(request, "evaluation/case.html", page_context(request, project, "benchmarks", **context))


@login_required
@require_POST
def judge_again(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Queue a new judgment of a staged version."""
    project = project_for(person(request), key, Right.OPERATE)
    rows = StagedVersion.objects.select_related("version__project", "server").filter(version__project=project)
    staged = get_object_or_404(rows, uid=uid)
    with problems_as_messages(request):
        rejudge(actor(request), staged)
        messages.success(request, f"{staged.version} is judged again; the page shows the report when it is there.")
    form = BackForm(request.POST)
    back = form.cleaned_data["back"] if form.is_valid() else ""
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(back)  # an address, though `redirect` would look for a view of that name
    return redirect("evaluation:benchmarks", project.key)


def _effort(project: Project, cases: int | None) -> str:
    """What so many more cases would take the experts; empty of none."""
    return effort.told(cases, queries.decisions_of(project)) if cases and cases > 0 else ""


def _gains(project: Project) -> dict[str, Any]:
    history = gains_of(project)
    return {
        "gains": history.rows[:GAINS],
        "gains_told": history.sentence,
        "more_gains": max(0, len(history.rows) - GAINS),
    }


def _moved_on(report: GateReport | None) -> str:
    """The tag of what the version would be held against today, where that is something else than in the report."""
    if report is None or report.held_against is None:
        return ""
    now = reference_version(report.staged.version)
    # The live version itself would be held against the base: nothing to say.
    if now is None or now.number == 0 or now.pk == report.held_against_id:
        return ""
    return now.tag


def _cases(request: HttpRequest, row: Benchmark, reference: Benchmark | None) -> dict[str, Any]:
    """The narrowed page of cases, and how many each narrowing leaves."""
    show = request.GET.get("show", "")
    show = show if show in queries.SHOWN else "all"
    words = storable(request.GET.get("q", "")).strip()
    rows = queries.case_rows(row, reference)
    counts = queries.case_counts(rows)
    counts["differs"] = counts.pop("different")
    shown = {name: title for name, title in queries.SHOWN.items() if name != "differs" or reference}
    return {
        "filters": [(name, title, counts[name]) for name, title in shown.items()],
        "show": show,
        "words": words,
        "page": Paginator(queries.narrowed(rows, show, words), CASES).get_page(request.GET.get("page")),
    }
