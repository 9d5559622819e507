"""Mark a test text as must-pass, and take the mark back."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from labeling import services
from labeling.views.reasons import Verb, ask_why

# With the last part of the address.
VERBS = {
    "must_pass": (
        "must-pass",
        Verb(
            services.mark_must_pass,
            "Marked: from the next judgment on, a version that loses this text is refused.",
            True,
        ),
    ),
    "may_fail": (
        "may-fail",
        Verb(services.lift_must_pass, "The mark is taken back: a version may lose this text.", False),
    ),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def must_pass(request: HttpRequest, key: str, uid: UUID, verb: str) -> HttpResponse:
    """Ask for the reason (to take back it may be left out); a POST does what `verb` says."""
    return ask_why(request, key, uid, verb, VERBS[verb][1], "labeling/must_pass.html")
