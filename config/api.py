"""What all REST endpoints share: cursor pages and throttling by caller."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.throttling import SimpleRateThrottle


class Cursor(CursorPagination):
    """Newest first, by the private sequence; `?page_size=` up to 500."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class CallerThrottle(SimpleRateThrottle):
    """One count per token, else per person, else per address."""

    scope = "caller"

    def get_cache_key(self, request: Any, view: Any) -> str:
        if request.auth is not None:
            ident = f"token-{request.auth.pk}"
        elif request.user.is_authenticated:
            ident = f"user-{request.user.pk}"
        else:
            ident = self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
