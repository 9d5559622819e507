"""After a blind answer: the model's beside it, and one's own first."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.problems import ProblemError
from labeling import services
from labeling.access import Right, project_for
from labeling.models import Project, Review, SampleState, Split
from labeling.services.fitting import carried
from labeling.views.base import actor, page_context, part_of_page, person, polls

ASKED = (
    "Its answer is asked for again, without a proposal, and that of another test text with it. Others get both first."
)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """Ask first, since whoever has looked answers this text never blind again; a POST shows, or asks others."""
    project = project_for(person(request), key, Right.REVIEW)
    rows = Review.objects.select_related("sample__project", "spec", "second_look__prediction__spec")
    review = get_object_or_404(rows.filter(sample__project=project, reviewer=person(request).pk), uid=uid)
    try:
        if "others" in request.POST:
            services.recheck(actor(request), review.sample)
            messages.success(request, ASKED)
            return redirect("labeling:review", key)
        if request.method == "POST":
            services.look_again(actor(request), review)
            if not polls(request):
                return redirect("labeling:compare", key, uid)
            review = rows.get(pk=review.pk)
    except ProblemError as problem:
        return _page(request, project, {"review": review, "problem": str(problem)}, problem.problem_status)
    return _page(request, project, _both(project, review))


def _both(project: Project, review: Review) -> dict[str, Any]:
    """The two answers, once they may be seen together, in the words of today's task."""
    look, context = getattr(review, "second_look", None), {"review": review}
    if look is None or look.prediction is None:
        return context
    spec, said = project.spec.to_spec(), look.prediction
    mine, its = carried(review.spec, review.answer, spec), carried(said.spec, said.answer, spec)
    may_ask = review.sample.split == Split.TEST and review.sample.state == SampleState.GOLDEN
    return context | {"prediction": said, "mine": mine, "its": its, "same": mine == its, "may_ask_others": may_ask}


def _page(request: HttpRequest, project: Project, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "labeling/partials/compare.html" if polls(request) else "labeling/compare.html"
    return part_of_page(render(request, template, page_context(request, project, "review", **context), status=status))
