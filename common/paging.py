"""Pages of REST lists, by cursor: a list that grows while it is read shows every row once."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination

# A position is a number of the private sequence.
_DIGITS = 18


class Cursor(CursorPagination):
    """Newest first, by the private sequence; `?page_size=` up to 500."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        """As the view has it, unless `order` says what comes first. Every ordering is of one growing number."""
        (usual,) = super().get_ordering(request, queryset, view)
        asked = str(getattr(view, "query", {}).get("order"))
        name = str(usual).removeprefix("-")
        return {"newest": (f"-{name}",), "oldest": (name,)}.get(asked, (usual,))

    def decode_cursor(self, request: Any) -> Any:
        """As the base class; a cursor that was made up is a 400, before a position that is no number is asked for."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise _unknown() from error
        position: Any = None if cursor is None else cursor.position
        if position is not None and not (position.isascii() and position.isdigit() and len(position) <= _DIGITS):
            raise _unknown()
        return cursor

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


def _unknown() -> ValidationError:
    return ValidationError({"cursor": ["There is no such place in the list. Take `next` or `previous` of a page."]})
