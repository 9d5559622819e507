"""Withdraw a sample from every use, and bring it back."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from labeling import services
from labeling.views.reasons import Verb, ask_why

VERBS = {
    "withdraw": Verb(services.withdraw_sample, "Withdrawn: nothing uses this sample from now on.", True),
    "restore": Verb(services.restore_sample, "Brought back: the sample is used again as it was.", False),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, key: str, uid: UUID, verb: str) -> HttpResponse:
    """Ask for the reason (to bring back it may be left out); a POST does what `verb` says."""
    return ask_why(request, key, uid, verb, VERBS[verb], "labeling/withdraw.html")
