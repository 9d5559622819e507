"""The description of the API: each operation with its parameters, its limits and its problems."""

from copy import deepcopy
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ListSerializer

from common.rest import Strict
from config import schema_words as words
from labeling.rest import IF_MATCH, KEY, MAX_KEY, Door
from labeling.rest_edit import EditedDoor
from labeling.serializers import ReceiptSerializer

_SENT_AGAIN = (
    "Names the request, so that it can be sent again: the first one with a key does the work, and the others get its "
    "response for a day. Another request with the same key is a 422, the same one at the same time a 409."
)
_UNCHANGED = (
    "The `ETag` of what was read: where that has changed meanwhile, this is a 412. `*` takes whatever is there."
)
_CHANGES = ("POST", "PUT", "PATCH")
_PROBLEMS = {
    "400": "What was sent is wrong; `errors` says where.",
    "401": "No token, no session, or neither in force.",
    "403": "The caller may not do this.",
    "406": "`Accept` asks for a form that this has not.",
    "429": "Too many requests; `Retry-After` says when to try again.",
    "500": "An error of the server; its log has it under the `X-Request-ID` of the answer.",
    "503": "A part that is needed does not answer; `Retry-After` says when to try again.",
}
_MISSING = {"404": "There is no such thing, or it is not open to the caller."}
_STATE = {"409": "The state of things does not allow it now."}
_BODY_PROBLEMS = {
    **_STATE,
    "413": "The body is too long.",
    "415": "The body is of another type.",
    "422": f"The {KEY} was sent with another request before.",
}
_RACED = {
    "412": "It was changed since it was read; read it again, and send its new `ETag` as `If-Match`.",
    "428": "Send the `ETag` that you have read as `If-Match`, or `*` to overwrite whatever is there.",
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
            if self.view.races(self.method):
                found.append(OpenApiParameter(
                    IF_MATCH, str, OpenApiParameter.HEADER, description=_UNCHANGED, required=self._must_match()
                ))  # fmt: skip
        return found

    def get_summary(self) -> str:
        """What the view says first; of several methods, each says its own."""
        return words.summary(type(self.view), self.method)

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """What it does, whom it lets through, and how much it takes."""
        sends = self.method in _CHANGES and self.get_request_serializer() is not None
        return "\n\n".join(filter(None, words.description(self.view, self.method, sends=sends)))

    def get_extensions(self) -> dict[str, Any]:
        """The same for programs: the scopes of which a token needs one, and the limits."""
        found = words.limits(self.view, self.method)
        if isinstance(self.view, Door):
            return {"x-scopes": type(self.view).scopes_of(self.method), "x-limits": found}
        return {"x-limits": found}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        ref = self._problem().ref
        content = {"application/problem+json": {"schema": ref}}
        found |= {code: {"description": said, "content": content} for code, said in self._problems().items()}
        found["default"] = {"description": "Any other error.", "content": content}
        return {code: {**answer, "content": deepcopy(answer["content"])} if "content" in answer else answer
                for code, answer in found.items()}  # fmt: skip

    def _problems(self) -> dict[str, str]:
        """Every error that the operation may answer with, with what it means."""
        found = dict(_PROBLEMS)
        if "{" in self.path:
            found |= _MISSING
        if self.method in _CHANGES:
            found |= _BODY_PROBLEMS
        elif self.method == "DELETE":
            found |= _STATE
        if isinstance(self.view, Door) and self.view.races(self.method):
            found |= _RACED if self._must_match() else {"412": _RACED["412"]}
        return dict(sorted(found.items()))

    def _must_match(self) -> bool:
        """Whether a change has to say what was read."""
        return isinstance(self.view, EditedDoor) and self.view.must_match

    def _problem(self) -> Any:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]  # untyped there
            "Problem", ResolvedComponent.SCHEMA, schema=_PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        return component


def _key() -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"}


class StrictExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # untyped base
    """A body with an unknown name is refused, and the description says so."""

    target_class = Strict
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        found: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction != "request":
            return found
        if self.target.example:
            found["example"] = self.target.example
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
