"""What a model wrote, whole: its answer as it came, its reasoning, and the prompt that it was given."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from labeling import prompts, services
from labeling.access import Right, project_for
from labeling.models import Prediction
from labeling.views.base import page_context, part_of_page, person, polls

WITHHELD = "This text is answered blind: what models say of it is shown when it has its own answer."

NOT_LOOKED = "You answered this text blind. Compare your answer with the model's first: My reviews leads there."


@login_required
@never_cache
@require_safe
def proposal(request: HttpRequest, key: str, uid: UUID) -> HttpResponse:
    """One prediction; refused while its text waits for a blind answer. HTMX gets what the panel shows."""
    project = project_for(person(request), key, Right.VIEW)
    rows = Prediction.objects.filter(project=project).select_related("sample", "spec")
    prediction = get_object_or_404(rows, uid=uid)
    sample = prediction.sample
    if prediction.is_withheld or (sample and services.not_looked(person(request).pk, sample)):
        context = page_context(request, project, "samples", withheld=WITHHELD if prediction.is_withheld else NOT_LOOKED)
        status = 409
    else:
        asked = prompts.messages(prediction.spec.to_spec(), sample.whole_input) if sample else []
        context, status = page_context(request, project, "samples", prediction=prediction, asked=asked), 200
    template = "labeling/partials/proposal_words.html" if polls(request) else "labeling/proposal.html"
    return part_of_page(render(request, template, context, status=status))
