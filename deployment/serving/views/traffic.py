"""What a project's live versions carry: figures by version, and the series of the charts."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployment.serving.traffic import WINDOWS, traffic_by_version, traffic_over_time
from labeling.access import Right, project_for
from labeling.views.base import page_context, person

DEFAULT = "24h"


@login_required
@never_cache
@require_safe
def traffic(request: HttpRequest, key: str) -> HttpResponse:
    """Charts and table; an unknown window is shown as the usual one."""
    project = project_for(person(request), key, Right.VIEW)
    asked = request.GET.get("window", DEFAULT)
    window = asked if asked in WINDOWS else DEFAULT
    rows = traffic_by_version(project, timezone.now() - WINDOWS[window][0])
    context = page_context(request, project, "traffic", rows=rows, window=window, windows=list(WINDOWS))
    return render(request, "deployment/serving/traffic.html", context)


@login_required
@never_cache
@require_safe
def series(request: HttpRequest, key: str, window: str) -> HttpResponse:
    """The charts' series, as JSON."""
    project = project_for(person(request), key, Right.VIEW)
    if window not in WINDOWS:
        raise Http404(f"Choose one of {', '.join(WINDOWS)}.")
    return JsonResponse(traffic_over_time(project, window))
