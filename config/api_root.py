"""`GET /api/v1`: every resource, read from the addresses themselves."""

import inspect
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.rest import Door


class Resource(serializers.Serializer[Any]):
    """A resource and what may be done with it."""

    path = serializers.CharField(help_text="Names in braces are to be filled in.")
    methods = serializers.ListField(child=serializers.CharField())
    summary = serializers.CharField()


class RootResponse(serializers.Serializer[Any]):
    """All resources; `schema` describes each with its parameters, limits and errors."""

    schema = serializers.CharField()
    docs = serializers.CharField()
    health = serializers.CharField()
    resources = Resource(many=True)


class Root(Door):
    """Every resource of the API."""

    @extend_schema(responses=RootResponse)
    def get(self, request: Request) -> Response:
        """Read from the addresses themselves; any scope is enough."""
        links = {"schema": "schema", "docs": "api-docs", "health": "api-health"}
        body = {name: reverse(url) for name, url in links.items()} | {"resources": _resources(reverse("api-root"))}
        return Response(RootResponse(body).data)


def _resources(root: str) -> list[dict[str, Any]]:
    """`root` is the address of this view, with the prefix under which the application stands."""
    found = []
    for path, view in doors():
        methods = [name for name in view.http_method_names if hasattr(view, name) and name not in ("head", "options")]
        summary = inspect.cleandoc(view.__doc__ or "").partition("\n")[0]
        shown = root + path.removeprefix("api/v1")
        found.append({"path": shown, "methods": [name.upper() for name in methods], "summary": summary})
    return sorted(found, key=lambda row: row["path"])


def doors() -> list[tuple[str, type[Door]]]:
    """Every view of the API with its address, `{name}` where a part is filled in."""
    return [
        (path, callback.cls)
        for path, callback in _addresses(get_resolver().url_patterns, "")
        if issubclass(getattr(callback, "cls", object), Door)
    ]


def _addresses(patterns: list[URLPattern | URLResolver], before: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            found += _addresses(each.url_patterns, route)
        elif route.startswith("api/"):
            parts = (part.partition(">") if "<" in part else (part, "", "") for part in route.split("/"))
            named = [f"{{{name.partition(':')[2]}}}" if end else name for name, end, _ in parts]
            found.append(("/".join(named), each.callback))
    return found
