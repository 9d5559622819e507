"""Whatever is sent, to every URL of the resolver and every command: an answer below 500, and no traceback."""

import json
import logging
import random
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import transaction
from rest_framework.serializers import BaseSerializer, Serializer

from tests.walk import PEOPLE, Route, World, ask, form

pytestmark = pytest.mark.django_db
LONG = "x" * 100_000
HOSTILE: list[Any] = [
    "a\x00b", "\ud800", "not-a-uuid", LONG, "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00-23:59", "9" * 400,
    "1e309", "-1", "NaN", "", "²", "\u202e\u0300" * 50,
]  # fmt: skip
# What JSON can say besides.
DEEP = [None, True, 10**400, 1e308, [], [[]], {}, {"a": {"b": ["\ud800", "\x00"]}}, ["\x00"], -(2**70)]
PLAUSIBLE = {
    "text": "Where is it?", "labels": "billing", "action": "save", "reason": "because", "role": "expert",
    "format": "csv",
    "username": "expert", "external_id": "7", "thumb": 1, "comment": "well", "name": "box2", "kind": "multi_label",
    "version": 1, "to": 1, "profile": "developer", "base": "tiny", "model": "llama3", "key": "shop", "max_labels": 3,
    "url": "http://127.0.0.1:1", "modelfile": "FROM x", "note": "why", "page": 1, "q": "parcel", "confirmed": "1",
    "decoding": "{}", "answers": "none", "instruction": "Tag it.", "prompt_template": "{text}", "project": "1",
}  # fmt: skip


def names() -> list[str]:
    """The fields of all forms and serializers that there are, and what pages read of an address."""
    found = {
        "page",
        "q",
        "cursor",
        "page_size",
        "before",
        "proposal",
        "take",
        "after",
        "window",
        "leave_out",
        "model",
        "saved",
    }
    found |= {"_selected_action", "action", "index", "select_across", "confirmed", "o", "p", "e", "_popup", "_to_field"}
    found |= {"date_hierarchy", "created_at__year", "at__month", "project__id__exact", "id__exact", "state", "csrf"}
    waiting: list[Any] = [forms.BaseForm, BaseSerializer]
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        found |= set(getattr(each, "base_fields", ())) | set(getattr(each, "_declared_fields", ()))
    # Django's admin makes its forms only when they are asked for.
    found |= {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    return sorted(found)


def outcome_is_well(role: str, method: str, route: Route, world: World, client: Any, how: dict[str, Any]) -> str:
    """Empty, or what was wrong."""
    try:
        response = ask(client, method, url := how.pop("url", route.url), **how)
    except UnicodeError as error:  # of the test's own client
        return f"{method} {route.pattern} as {role}: {error!r}"
    if response.status_code < 500 or response.status_code == 503:
        return ""
    said = "".join(traceback.format_exception(response.exc_info[1])[-3:]) if response.exc_info else ""
    return f"{method} {route.pattern} as {role}: {response.status_code} for {url[:2000]} {str(how)[:200]}\n{said}"


def bodies(chance: random.Random, fields: list[str], count: int, is_api: bool) -> list[dict[str, Any]]:
    """First each hostile value in all fields, then plausible ones with a few hostile among them."""
    values = HOSTILE + (DEEP if is_api else [])
    # A long one in a few fields: all of them would be one body over the limit.
    same = [dict.fromkeys(chance.sample(fields, 5) if value == LONG else fields, value) for value in values]
    mixed = []
    for _ in range(count):
        body = {name: PLAUSIBLE.get(name, "1") for name in fields}
        body |= {name: chance.choice(values) for name in chance.sample(fields, 4)}
        mixed.append(body)
    return same + mixed


def sent(route: Route, body: dict[str, Any]) -> list[dict[str, Any]]:
    """A body as JSON or as a form."""
    if route.is_api:
        return [{"data": json.dumps(body), "content_type": "application/json"}]
    return [form({name: str(value).encode("utf-8", "surrogatepass") for name, value in body.items()})]


def asked(body: dict[str, Any]) -> str:
    """The same in an address; servers take no long ones."""
    from urllib.parse import urlencode

    return urlencode({name: str(value)[:300].encode("utf-8", "surrogatepass") for name, value in body.items()})


@pytest.fixture
def world(settings, monkeypatch) -> Iterator[World]:
    monkeypatch.setattr("config.api.CallerThrottle.allow_request", lambda *args: True)
    # Records keep the requests that they tell of, with their bodies.
    logging.disable(logging.CRITICAL)
    yield World()
    logging.disable(logging.NOTSET)


# Of staff those who manage get the furthest.
SENDERS = [*(role for role in PEOPLE if role != "staff"), "token:import", "token:operate", "token:manage"]


def errors_met(role: str, world: World, routes: list[Route], fields: list[str]) -> Iterator[str]:
    """What was wrong with any answer to this sender."""
    client, thorough = world.client(role), role == "administrator"
    for route in routes:
        if "admin/" in route.pattern and role not in ("staff:manager", "administrator"):
            continue  # they are sent to log in, whatever they send: `test_rights_matrix`
        chance = random.Random(f"{role} {route.pattern}")
        every = bodies(chance, fields, 8 if thorough else 2, route.is_api)
        for body in chance.sample(every, 3 if thorough else 1):
            for method in route.methods[1:]:
                for how in sent(route, body):
                    yield outcome_is_well(role, method, route, world, client, how)
        for body in chance.sample(every, 2 if thorough else 1):
            few = dict(chance.sample(sorted(body.items()), 12)) if len(body) > 12 else body
            how = {"url": f"{route.url}{'&' if '?' in route.url else '?'}{asked(few)}"}
            yield outcome_is_well(role, "GET", route, world, client, how)


@pytest.mark.timeout(1800)
def test_no_url_ends_in_an_error_of_ours(world):
    """All in one world, as each request is taken back."""
    routes, fields = world.routes(), names()
    wrong = [said for role in SENDERS for said in errors_met(role, world, routes, fields) if said]
    assert not wrong, "\n".join(dict.fromkeys(wrong))


OURS = [
    name for name, app in get_commands().items()
    if app in ("labeling", "training", "deployment", "evaluation") and name != "set_up"
]  # fmt: skip


def words_of(name: str, value: str, file: str) -> list[list[str]]:
    """The arguments of a command, with `value` in one of them after the other."""
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    common = {"version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks"}
    taken = [
        each for each in parser._actions if each.nargs != 0 and (each.dest not in common or not each.option_strings)
    ]
    right = {"project": "shop", "version": "v1", "owner": "expert", "scope": "read", "file": file, "name": "x",
             "location": "org/x"}  # fmt: skip
    found = []
    for hostile in taken:
        said = {each: value if each is hostile else right.get(each.dest) for each in taken}
        words = [(each.option_strings[:1], str(word)) for each, word in said.items() if word is not None]
        found.append([f"{option[0]}={word}" if option else word for option, word in words])
    return found


@pytest.mark.timeout(900)
def test_no_command_ends_in_a_traceback(world, tmp_path, monkeypatch):
    """All in one world, as what a command does is taken back; what it writes lies in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    for name in OURS:
        for value in ["a\x00b", "\ud800", LONG + LONG, LONG, "9" * 400, "not-a-uuid", "", "-1"]:
            for words in words_of(name, value, str(tmp_path / "none.csv")):
                said = ""
                try:
                    with transaction.atomic():
                        call_command(name, *words)
                        transaction.set_rollback(True)
                except CommandError as error:
                    said = str(error)
                assert len(said.encode()) < 4000, (name, words)  # and a terminal takes it


def test_the_walk_knows_the_fields():
    assert {"sample", "lease", "prediction", "premise", "overrides", "into"} <= set(names())
    assert issubclass(Serializer, BaseSerializer)
