"""`/api/v1/docs`: the description of the API as a plain page of ours, which is read without scripts, too."""

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import get_script_prefix, reverse
from drf_spectacular.generators import SchemaGenerator

from config.problems import problem

# Methods of one address in this order.
ORDER = ("get", "post", "put", "patch", "delete")
# What is shown with another noun.
_WITH = {
    "archive": "projects", "reopen": "projects", "batch_predict": "predict", "rollback": "promote", "live": "promote",
    "reload": "promote", "gains": "benchmarks", "watch": "deployments",
}  # fmt: skip
# These first; whatever else there is follows by its name.
FIRST = ("predict", "feedback", "samples", "runs", "versions", "promote", "projects")


def docs(request: HttpRequest) -> HttpResponseBase:
    """The page: four calls to begin with, then every operation by its noun."""
    if request.method not in ("GET", "HEAD"):
        return problem(405, "This page is read with GET.")
    context = {
        "groups": groups(get_script_prefix()),
        "base": request.build_absolute_uri(reverse("api-root")),
        "schema": reverse("schema"),
    }
    return render(request, "api/docs.html", context)


@lru_cache(maxsize=4)
def groups(prefix: str) -> list[dict[str, Any]]:
    """Operations by what they are about. `prefix`: where the application stands; the rest is fixed while it runs."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # untyped there
    described = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # untyped there
    shapes = described["components"]["schemas"]
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method in ORDER:
            if method in methods:
                found.setdefault(_noun(path), []).append(_shown(path, method, methods[method], shapes))
    names = [name for name in FIRST if name in found] + sorted(set(found) - set(FIRST))
    return [{"name": name, "title": name.replace("_", " "), "operations": found[name]} for name in names]


def _noun(path: str) -> str:
    parts = path.removeprefix("/api/v1").strip("/").split("/")
    noun = parts[2] if parts[0] == "projects" and len(parts) > 2 else parts[0] or "resources"
    return _WITH.get(noun, noun)


def _shown(path: str, method: str, operation: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of an operation."""
    content = operation.get("requestBody", {}).get("content", {})
    answers = {code: said for code, said in operation["responses"].items() if code[0] == "2"}
    errors = {code: said["description"] for code, said in operation["responses"].items() if code[0] in "45"}
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "paragraphs": [parts(text) for text in operation["description"].split("\n\n")],
        "parameters": [_parameter(each) for each in sorted(operation.get("parameters", []), key=_place)],
        "fields": [field for body in content.values() for field in _fields(body["schema"], shapes)],
        "request": next((pretty(body.get("example")) for body in content.values()), ""),
        "answers": [
            {"code": code, "example": next((pretty(body["example"]) for body in said.get("content", {}).values()), "")}
            for code, said in answers.items()
        ],
        "errors": errors,
    }


def _place(said: dict[str, Any]) -> int:
    return ("path", "query", "header").index(said["in"])


def _parameter(said: dict[str, Any]) -> dict[str, Any]:
    where = {"path": "of the address", "query": "query", "header": "header"}[said["in"]]
    return {"name": said["name"], "where": where, "type": kind(said["schema"]), "needed": said.get("required", False),
            "about": parts(said.get("description", ""))}  # fmt: skip


def _fields(schema: dict[str, Any], shapes: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a body; of one that may have several shapes, those of the first."""
    whole = shapes.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    for way in ("oneOf", "anyOf"):
        if way in whole:
            return _fields(whole[way][0], shapes)
    needed = whole.get("required", [])
    return [
        {"name": name, "type": kind(one), "needed": name in needed, "about": parts(one.get("description", ""))}
        for name, one in whole.get("properties", {}).items()
    ]


def kind(schema: dict[str, Any]) -> str:
    """The type of a value in a few words, with its limits."""
    said = schema.get("type", [])
    names = [said] if isinstance(said, str) else list(said)
    if not names:
        names = [str(schema.get("$ref", "any")).rpartition("/")[2]]
    words = [" or ".join(names), schema.get("format", "")]
    limits = (("minLength", "from"), ("minimum", "from"), ("minItems", "from"), ("maxLength", "to"), ("maximum", "to"))
    words += [f"{word} {schema[name]:,}" for name, word in (*limits, ("maxItems", "to")) if name in schema]
    choices = [str(each) for each in schema.get("enum", []) if each is not None]
    return " ".join([*filter(None, words), f"({', '.join(choices)})" if choices else ""]).strip()


def parts(text: str) -> list[tuple[bool, str]]:
    """A text cut at its backticks: whether each part is code, and the part."""
    return [(bool(number % 2), each) for number, each in enumerate(" ".join(text.split()).split("`")) if each]


def pretty(example: Any) -> str:
    """An example as it is shown."""
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
