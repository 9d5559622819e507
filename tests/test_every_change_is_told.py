"""The rule of `tests/event_watch.py`, which the whole suite is held to: good and bad examples; the list of verbs."""

import ast
from pathlib import Path

import pytest
from django.db import transaction

from labeling import services
from labeling.models import Sample
from labeling.services.samples import NewText, add_samples
from labeling.verbs import VERBS
from tests.event_watch import FLOORS, ROOT
from tests.factories import SYSTEM, make_project, make_sample

_EDITED = (".created", ".changed", ".removed")


@pytest.mark.django_db
def test_a_change_without_an_event_is_found(event_watch):
    project = make_project()
    add_samples(project, [NewText("Where is it?")], way_in="api")
    assert "labeling_sample by labeling/services/samples.py" in event_watch.broken[0]
    event_watch.broken.clear()


@pytest.mark.django_db
def test_an_event_in_another_transaction_does_not_help(event_watch):
    project = make_project()
    services.update_project(SYSTEM, project, name="Other")
    add_samples(project, [NewText("Where is it?")], way_in="api")
    assert len(event_watch.broken) == 1
    event_watch.broken.clear()


@pytest.mark.django_db
def test_what_is_told_or_taken_back_or_a_tests_own_is_well(event_watch):
    project = make_project()
    services.withdraw_sample(SYSTEM, make_sample(project), "A joke.")
    with transaction.atomic():
        add_samples(project, [NewText("Where is it?")], way_in="api")
        transaction.set_rollback(True)
    with transaction.atomic():
        add_samples(project, [NewText("Where is it now?")], way_in="api")
        services.update_project(SYSTEM, project, name="Other")
    Sample.objects.update(rank=3)
    assert event_watch.broken == []


def _verbs_of(tree: ast.Module) -> set[str]:
    """Every constant that reads like a verb."""
    names = {noun.partition(".")[0] for noun in VERBS}
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {each for each in found if each.count(".") == 1 and each.partition(".")[0] in names and each in VERBS}


def test_every_verb_is_used():
    used: set[str] = set()
    for floor in FLOORS:
        for path in Path(ROOT / floor).rglob("*.py"):
            if path.name != "verbs.py" and "migrations" not in path.parts:
                used |= _verbs_of(ast.parse(path.read_text(encoding="utf-8")))
    by_a_form = {verb for verb in VERBS if verb.endswith(_EDITED)}
    by_a_state = {verb for verb in VERBS if verb.startswith("finding.")}
    assert set(VERBS) - used - by_a_form - by_a_state == set()
