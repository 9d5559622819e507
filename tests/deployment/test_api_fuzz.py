"""Every operation of the API, with requests that its description allows and forbids, as each scope: nothing unforeseen.

Seeded, and in this process. What is sent keeps to the description or breaks it in one place; what comes back must be
an answer that the description has, and never a server's error.
"""

import os
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from config.wsgi import application
from labeling import services
from labeling.api_projects import ProjectList
from labeling.models import Prediction, Project, Scope
from labeling.services import create_token
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, acting, make_admin, make_project, make_sample
from tests.training.helpers import add_events, make_run

# Of each operation, kept and broken: minutes for all scopes together. More finds more: TOUCHSTONE_FUZZ=100.
EXAMPLES = int(os.environ.get("TOUCHSTONE_FUZZ", "2"))
# What a text, an answer or a Modelfile means is more than a description can say: a 400 is an answer to those.
MEANING = [checks.positive_data_acceptance]
# Asks each time once more without the token, and with another; whose it was makes no difference to that.
STRANGERS = [checks.ignored_auth]


def known(project: Project) -> dict[str, dict[str, Any]]:
    """By what an address has after the project's key: ids that lead somewhere."""
    sample = make_sample(project)
    services.decide(acting(make_admin("rita")), sample, ["billing"])
    run = make_run(project)
    add_events(run, 3)
    label = project.labels.first()
    return {
        "labels": {"uid": str(label.uid)} if label else {},
        "samples": {"uid": str(sample.uid)},
        "runs": {"uid": str(run.uid)},
        "snapshots": {"uid": str(run.snapshot.uid), "split": "train"},
        "specs": {"number": 1},
        "members": {"username": "rita"},
        "predictions": {"uid": str(services_prediction(project).uid)},
        "versions": {"number": 1},
        "deployments": {"uid": str(project.deployments.latest("pk").uid)},
    }


def services_prediction(project: Project) -> Prediction:
    from deployment.serving.predict import predict

    return predict(SYSTEM, project, "Where is my parcel?")


def no_fault(context: Any, response: Any, case: Any) -> None:
    """The stand-in answers 501 to what no transcript shows, and a server that does not answer is a 503."""
    assert response.status_code < 500 or response.status_code == 503, response.text


def operations(schema: Any) -> Iterator[Any]:
    """Archiving last: below an archived project nothing is left to try."""
    yield from sorted((found.ok() for found in schema.get_all_operations()), key=lambda each: "archive" in each.path)


def place(path: str, ids: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Values for the parts in braces, where the address lies below what is known; else whatever is made up."""
    parts = path.split("/")
    if "{name}" in parts:
        return None if "{uid}" in parts else {"name": "standin"}
    if "{key}" not in parts:
        return None
    after = parts[parts.index("{key}") + 1 :]
    if not {"{uid}", "{number}", "{username}"} & set(after):
        return {"key": "shop"}
    known_here = {name: value for name, value in ids.get(after[0], {}).items() if f"{{{name}}}" in after}
    return {"key": "shop", **known_here} if known_here else None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scope", Scope.values)
def test_nothing_unforeseen_comes_back(shop, sent, scope):
    ada = make_admin("ada")
    promote(ada, make_staged(shop, 1))
    make_staged(shop, 2, "refused")
    ids = known(shop)
    _, secret = create_token(SYSTEM, ada, "fuzz", [shop], [scope])
    headers = {"Authorization": f"Bearer {secret}"}
    load_all_checks()
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)
    left_out = MEANING if scope == Scope.READ else MEANING + STRANGERS
    problems, calls, began = [], count(), time.monotonic()
    for operation in operations(schema):
        for mode in GenerationMode:
            where = place(operation.path, ids) if mode == GenerationMode.POSITIVE else None
            found = failures(operation, mode, where, headers, calls, left_out)
            problems += [f"{mode} {operation.label}: {each}" for each in found]
    print(f"{scope}: {next(calls)} calls in {time.monotonic() - began:.0f} s")
    assert not problems, "\n\n".join(problems)


@pytest.mark.django_db(transaction=True)
def test_a_fault_would_be_found(monkeypatch):
    def broken(view):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(ProjectList, "get_queryset", broken)
    _, secret = create_token(SYSTEM, make_admin(), "fuzz", [make_project("shop")], ["read"])
    load_all_checks()
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)
    operation = schema["/api/v1/projects"]["GET"]
    headers = {"Authorization": f"Bearer {secret}"}
    (said,) = failures(operation, GenerationMode.POSITIVE, None, headers, count(), MEANING)
    assert "Server error" in said


def failures(
    operation: Any,
    mode: GenerationMode,
    where: dict[str, Any] | None,
    headers: dict[str, str],
    calls: Any,
    left_out: list[Any],
) -> list[str]:
    """What is wrong with the answers of one operation; at most one finding, the simplest."""
    fixed = {"path_parameters": where} if where else {}

    @seed(20_240)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, **fixed))
    def tried(case: Any) -> None:
        next(calls)
        at_stand_in = [not_a_server_error] if "/servers/{name}" in operation.path else []
        case.call_and_validate(headers=headers, excluded_checks=[*left_out, *at_stand_in], additional_checks=[no_fault])

    try:
        tried()
    except (Exception, FailureGroup) as error:  # noqa: BLE001  whatever it raises is a finding
        said = str(error)
        return [said[:1500]] if "unsatisfiable" not in type(error).__name__.lower() else []
    return []
