"""In which order texts come to review: told to all, set by managers, chosen by reviewers for themselves."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from common.problems import ProblemError
from labeling import orders, panels
from labeling.access import Right, project_for
from labeling.forms_order import OrderForm, OwnOrderForm
from labeling.kinds import kind_of
from labeling.models import Project
from labeling.services.order.choosing import choose_order, set_order
from labeling.services.order.told import doubtful, order_facts
from labeling.services.settings import ChangedMeanwhileError, premise_of, unless_changed
from labeling.views.base import actor, page_context, person, problems_as_messages

SHOWN = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, key: str) -> HttpResponse:
    """The streams, how far the ranking is, and doubtful golden answers; a POST sets shares and order."""
    if request.method != "POST":
        return _page(request, project_for(person(request), key, Right.VIEW))
    project = project_for(person(request), key, Right.MANAGE)
    form = OrderForm(request.POST, project=project)
    if not form.is_valid():
        return _page(request, project, form, status=400)
    try:
        _save(request, project, form)
    except ProblemError as problem:
        form = form.fresh(project) if isinstance(problem, ChangedMeanwhileError) else form
        form.add_error(None, str(problem))
        return _page(request, project, form, status=problem.problem_status)
    messages.success(request, "Saved: the next texts come by these shares.")
    return redirect("labeling:order", key)


def _save(request: HttpRequest, project: Project, form: OrderForm) -> None:
    said = form.cleaned_data
    premise = said["premise"] or premise_of(form.current(project))
    with unless_changed(project, premise, lambda: form.current(project)):
        seed = 1 if said["seed"] is None else said["seed"]
        set_order(actor(request), project, form.shares, order=said["order"], seed=seed)


@login_required
@require_POST
def mine(request: HttpRequest, key: str) -> HttpResponse:
    """Choose the order of one's own reviews."""
    project = project_for(person(request), key, Right.REVIEW)
    form = OwnOrderForm(request.POST, project=project)
    if not form.is_valid():
        messages.error(request, "Choose one of the orders in the list.")
        return redirect("labeling:order", key)
    with problems_as_messages(request):
        choose_order(actor(request), project, form.cleaned_data["order"])
        messages.success(request, "Saved: your next training texts come in this order once it is ranked.")
    return redirect("labeling:order", key)


def _page(request: HttpRequest, project: Project, form: OrderForm | None = None, *, status: int = 200) -> HttpResponse:
    facts = order_facts(project, person(request).pk)
    rows, kind = doubtful(project, SHOWN + 1), kind_of(project)
    context = page_context(
        request,
        project,
        "order",
        facts=facts,
        streams=[(name, getattr(facts.shares, name), getattr(facts.now, name)) for name in facts.shares._fields],
        form=form or OrderForm(project=project),
        own_form=OwnOrderForm(project=project, order=facts.mine),
        orders=orders.of_texts(kind),
        has_heads=kind.labels_texts,
        doubtful=rows[:SHOWN],
        more_doubtful=len(rows) > SHOWN,
        panels=panels.render("order", request, project),
    )
    return render(request, "labeling/order.html", context, status=status)
