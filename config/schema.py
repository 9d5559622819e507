"""The description of the API: each operation with its parameters, its limits and its problems."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ListSerializer

from common.rest import Strict
from labeling.rest import KEY, MAX_KEY, Door
from labeling.serializers import ReceiptSerializer

_SENT_AGAIN = (
    "Names the request, so that it can be sent again: the first one with a key does the work, and the others get its "
    "response for a day. Another request with the same key is a 422, the same one at the same time a 409."
)
_PROBLEMS = {
    "400": "What was sent is wrong; `errors` says where.",
    "401": "No token, no session, or neither in force.",
    "403": "The caller may not do this.",
    "404": "There is no such thing, or it is not open to the caller.",
}
_BODY_PROBLEMS = {
    "409": "The state of things does not allow it now.",
    "413": "The body is too long.",
    "415": "The body is no JSON.",
    "422": f"The {KEY} was sent with another request before.",
}
_PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "errors": {"description": "By field or parameter, what is wrong with it."},
    },
}


class Schema(AutoSchema):
    """What the doors do for every view, said of every operation."""

    def get_override_parameters(self) -> list[Any]:
        """The query that the door takes, and the key of a POST."""
        found: list[Any] = []
        if isinstance(self.view, Door):
            query = self.view.query_of(self.method)
            found += [query] if query().fields else []
            if self.method == "POST":
                found.append(OpenApiParameter(KEY, _key(), OpenApiParameter.HEADER, description=_SENT_AGAIN))
        return found

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """With the limit of a body, where there is one."""
        said: str = super().get_description()
        if self.method in ("POST", "PUT", "PATCH") and self.get_request_serializer() is not None:
            said = f"{said}\n\nThe body holds at most {settings.API_MAX_BODY_BYTES:,} bytes.".strip()
        return said

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        problems = _PROBLEMS | (_BODY_PROBLEMS if self.method in ("POST", "PUT", "PATCH") else {})
        ref = self._problem().ref
        content = {"application/problem+json": {"schema": ref}}
        found |= {code: {"description": said, "content": content} for code, said in problems.items()}
        found["default"] = {"description": "Any other error.", "content": content}
        return found

    def _problem(self) -> Any:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]  # untyped there
            "Problem", ResolvedComponent.SCHEMA, schema=_PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        return component


def _key() -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"}


def nullable_anything(result: Any, **context: Any) -> Any:
    """Anything "or null" is anything: as one of two, drf-spectacular would have null be neither."""
    waiting = [result]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if each.get("oneOf") == [{}, {"type": "null"}]:
                del each["oneOf"]
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return result


class StrictExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # untyped base
    """A body with an unknown name is refused, and the description says so."""

    target_class = Strict
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        found: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction != "request":
            return found
        for name, field in self.target.fields.items():
            if isinstance(field, ListSerializer) and name in found["properties"]:
                limits = {"minItems": 0 if field.allow_empty else 1, "maxItems": getattr(field, "max_length", None)}
                found["properties"][name] |= {limit: n for limit, n in limits.items() if n}
        return found | {"additionalProperties": False}


class ReceiptExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # untyped base
    """A receipt has its own fields alone: a whole sample, which may come in its place, is none."""

    target_class = ReceiptSerializer

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        found: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return found | {"additionalProperties": False}
