"""The description of the API: no operation without a summary, an example, its errors, who gets through and how much."""

import csv
from pathlib import Path

import pytest
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from common.rest import Strict
from config.api_root import doors
from labeling.models import Scope
from labeling.rest import Door, ProjectDoor

RIGHTS = Path(__file__).parents[1] / "rights.csv"
ALWAYS = {"400", "401", "403", "406", "429", "500", "503", "default"}


@pytest.fixture(scope="module")
def described():
    assert get_resolver().url_patterns  # every view is there
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(described):
    return {
        f"{method.upper()} {path}": one for path, ways in described["paths"].items() for method, one in ways.items()
    }


def bodies(operation):
    """Each body of JSON with where it stands."""
    found = [("request", operation.get("requestBody", {})), *operation["responses"].items()]
    return [(where, body) for where, said in found for kind, body in said.get("content", {}).items() if "json" in kind]


def test_no_operation_lacks_anything(operations):
    wanting = {}
    for name, one in operations.items():
        codes = set(one["responses"])
        missing = ALWAYS - codes
        missing |= {"404"} - codes if "{" in name else set()
        missing |= {"409", "413", "415", "422"} - codes if name.startswith(("POST", "PUT", "PATCH")) else set()
        lacks = [f"the answer {code}" for code in sorted(missing)]
        lacks += [what for what in ("summary", "description", "x-scopes", "x-limits") if not one.get(what) and
                  not (what == "x-scopes" and one.get(what) == [])]  # fmt: skip
        lacks += ["an answer that is none of the errors"] if not any(code[0] == "2" for code in codes) else []
        contents = [one.get("requestBody", {}), *one["responses"].values()]
        examples = [body for said in contents for body in said.get("content", {}).values()]
        lacks += ["an example"] if any("example" not in body for body in examples) else []
        if lacks:
            wanting[name] = lacks
    assert not wanting, f"{len(wanting)} of {len(operations)} operations lack something: {wanting}"


def test_summaries_tell_operations_apart(operations):
    said = [one["summary"] for one in operations.values()]
    assert not {each for each in said if said.count(each) > 1}
    assert not [each for each in said if len(each) > 110 or not each.endswith(".") or "`" in each or each[:3].isdigit()]


def test_examples_are_what_the_description_allows(described, operations):
    wrong = []
    for name, one in operations.items():
        for where, body in bodies(one):
            whole = {**body["schema"], "components": described["components"]}
            errors = Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(body["example"])
            wrong += [f"{name} {where}: {error.message} at {list(error.path)}" for error in errors]
    assert not wrong, "\n".join(wrong)


def subclasses(cls):
    return {cls}.union(*(subclasses(each) for each in cls.__subclasses__()))


@pytest.mark.django_db
def test_examples_of_requests_make_sense_together(described, operations):
    """To the serializer that reads them: two fields may be allowed, and not both."""
    readers, tried, wrong = {each.__name__.removesuffix("Serializer"): each for each in subclasses(Strict)}, set(), []
    for body in (body for one in operations.values() for where, body in bodies(one) if where == "request"):
        name = str(body["schema"].get("$ref", "")).rpartition("/")[2]
        reader = readers.get(name.removeprefix("Patched"))
        if reader is not None and name not in tried:
            tried.add(name)
            read = reader(data=body["example"], partial=name.startswith("Patched"))
            read.is_valid()
            # A row that is not there is no fault of an example.
            wrong += [f"{name}: {read.errors}" for code in _codes(read.errors) if code != "does_not_exist"]
    assert len(tried) > 15
    assert not wrong, "\n".join(wrong)


def _codes(errors):
    if isinstance(errors, dict):
        return [code for each in errors.values() for code in _codes(each)]
    return [code for each in errors for code in (_codes(each) if isinstance(each, dict) else [each.code])]


def test_scopes_are_those_that_get_through():
    """`tests/rights.csv` says who does, and the table is held against the views."""
    with RIGHTS.open(encoding="utf-8", newline="") as file:
        rows = {(row["route"], row["method"]): row for row in csv.DictReader(file)}
    for path, view in doors():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if not hasattr(view, method.lower()) or not issubclass(view, ProjectDoor):
                continue
            row = next(row for (route, how), row in rows.items() if how == method and _same(route, path))
            through = [scope for scope in Scope.values if row[f"token:{scope}"] == "yes"]
            assert through == view.scopes_of(method), (method, path)


def _same(route, path):
    parts = [part.partition(":")[2].rstrip(">") if part.startswith("<") else part for part in route.split("/")]
    return parts == [part.strip("{}") for part in path.split("/")]


def test_what_changes_something_says_the_right_that_it_takes():
    for path, view in doors():
        assert issubclass(view, Door), path
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if hasattr(view, method.lower()):
                assert view.scopes_of(method) is not None, path
