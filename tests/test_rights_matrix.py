"""Who gets through which URL: every pattern of the resolver, every method, every role and token's scope.

`tests/rights.csv` has a line for each. A URL or a method that is new fails until its line is there; the failure says
the lines as they would be. What they say is the decision of a person.
"""

import csv
from pathlib import Path

import pytest
from django.urls import resolve

from labeling.access import ROLE_RIGHTS, Right
from tests.walk import PEOPLE, ROLES, TOKENS, World, ask

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("rights.csv")
ACCOUNTS = Path(__file__).parents[1] / "docs" / "accounts.md"
NO_METHOD = "-"
# Of the admin, what leads to the pages of one's account.
OPEN = ("admin/login", "admin/logout", "admin/password_change/")


def outcome(response) -> str:
    """yes: let through, whatever came of it; no: refused; hidden: not there for them; login: log in first."""
    where = response.headers.get("Location", "")
    if response.status_code in (301, 302) and "/login/" in where:
        return "login"
    if response.status_code == 302 and where == "/admin/":
        return "hidden"  # the admin's way of saying that there is no such row
    assert response.status_code < 500 or response.status_code == 503, response.request
    return {401: "401", 403: "no", 404: "hidden", 405: NO_METHOD}.get(response.status_code, "yes")


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, str], dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row.pop("route"), row.pop("method")): row for row in csv.DictReader(file)}


@pytest.fixture
def world(settings, monkeypatch) -> World:
    """Pages are not written out, which is most of the time: `test_hostile_input` asks for each of them."""
    monkeypatch.setattr("django.template.backends.django.Template.render", lambda *args, **kwargs: "")
    monkeypatch.setattr("config.api.CallerThrottle.allow_request", lambda *args: True)
    return World()


@pytest.mark.timeout(1800)
def test_each_role_gets_through_where_the_table_says(world, table):
    """All in one world, as nothing that is asked changes it."""
    routes, wrong = world.routes(), []
    for role in ROLES:
        client = world.client(role)
        for route in routes:
            if role in TOKENS[1:] and not route.is_api:
                continue  # a page knows no tokens: one of them is enough
            for method in route.methods:
                seen = outcome(ask(client, method, route.url, content_type="application/json"))
                said = table.get((route.pattern, method), {}).get(role, NO_METHOD)
                if seen != said:
                    wrong.append(f"{method} {route.pattern}: {said} in the table, {seen} for {role}")
    assert not wrong, "\n".join(wrong)


def test_the_table_names_only_what_there_is(world, table):
    there = {(route.pattern, method) for route in world.routes() for method in route.methods}
    assert set(table) <= there, "lines of URLs that are gone"
    assert all(set(row) == set(ROLES) for row in table.values())


def test_nobody_unknown_gets_in(table):
    """What the table says is looked at as a whole: strangers and foreign tokens reach nothing of the project."""
    for (route, method), row in table.items():
        if "<slug:key>" in route:
            assert row["anonymous"] in {"login", "401", NO_METHOD}, (method, route)
            assert row["stranger"] in {"hidden", NO_METHOD}, (method, route)
            assert row["token:foreign"] in {"hidden", "login", NO_METHOD}, (method, route)
        for role in PEOPLE[:5]:
            if route.startswith("admin/") and not route.startswith(OPEN):
                assert row[role] in {"login", "no", NO_METHOD}, (method, route, role)


def test_a_token_may_what_its_owner_may_and_staff_what_their_role_may(table):
    """All scopes together open to an expert's token what is open to the expert, but for tokens, which no token sees or
    makes; Django's permissions open no move."""
    for (route, method), row in table.items():
        if route.startswith("api/v1/tokens"):
            assert row["token:expert"] in {"no", NO_METHOD}, (method, route)
        elif route.startswith("api/"):
            assert row["token:expert"] == row["expert"], (method, route)
        if route.endswith(("/promote/", "/edit/", "/roll-back/")):
            assert row["staff"] == "no", (method, route)


def test_each_line_is_asked_at_a_url_of_its_own(world):
    """An address that another pattern takes, or no row is behind, says nothing of the line."""
    for route in world.routes():
        found = resolve(route.url.partition("?")[0]).route
        assert found.replace("^", "") == route.pattern.replace("^", ""), route


def test_a_row_is_behind_each_line(table):
    for (route, method), row in table.items():
        if route.startswith("admin/") and "<path:object_id>" in route and not route.startswith("admin/r/"):
            assert row["administrator"] != "hidden", (method, route)


def test_the_docs_say_what_each_role_may():
    lines = [line.split("|") for line in ACCOUNTS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    said = {cells[1].strip(" `"): [cell.strip() == "yes" for cell in cells[3:6]] for cells in lines if len(cells) == 7}
    assert said == {
        right: [right in ROLE_RIGHTS[role] for role in ("expert", "operator", "manager")] for right in Right
    }
