"""Forms that start work carry a token: a second click gets the page that the first one led to, and starts nothing."""

import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from config.errors import for_api
from labeling.access import acting
from labeling.models import KeptResponse, User
from labeling.services import retries
from labeling.templatetags.once import FIELD

_WAIT_SECONDS = 10.0
_LOOK_AGAIN = 0.2
_MAX_TOKEN = 64
_ALREADY = "This was sent already; here is what came of it."
_STILL = "This was sent already, and the first one still works. Look again in a moment; nothing was started twice."


class OnceMiddleware:
    """A form that was not taken (it comes again with its errors) may be sent again; so may one with other content."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        row: KeptResponse | None = getattr(request, "sent_once", None)
        if row is not None:
            if 300 <= response.status_code < 400:
                retries.keep(row, response.status_code, {"to": response["Location"]})
            else:
                retries.give_back(row)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Claim the token of a form, or answer as the form was answered before."""
        if request.method != "POST" or for_api(request) or not isinstance(request.user, User):
            return None
        token = request.POST.get(FIELD, "")
        if not 0 < len(token) <= _MAX_TOKEN:
            return None
        digest = retries.digest_of([request.path, _content(request)])
        # Whoever goes back and fills the form in otherwise means another thing.
        key = f"form:{token}:{digest}".encode("ascii", "replace").decode()
        row, claimed = retries.claim(retries.caller_of(acting(request.user)), key, digest)
        if claimed:
            request.sent_once = row  # type: ignore[attr-defined]  # ours
            return None
        return _answered(request, row)


def _content(request: HttpRequest) -> Any:
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    files = [[name, str(file), getattr(file, "size", None)] for name, file in request.FILES.items()]
    return [fields, files]


def _answered(request: HttpRequest, row: KeptResponse) -> HttpResponse:
    until = time.monotonic() + _WAIT_SECONDS
    found: KeptResponse | None = row
    while found is not None and found.status is None and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN)  # between two looks
        found = KeptResponse.objects.filter(pk=row.pk).first()
    if found is None or found.status is None or found.body is None:
        return render(request, "409.html", {"said": _STILL}, status=409)
    messages.info(request, _ALREADY)
    return HttpResponseRedirect(found.body["to"])
