"""From a language model to a head and back under load: nothing fails here, and outside clients notice nothing."""

import time

import httpx
import pytest

from demo.load import Load, Moved, alias_client, answer_of, api_client, first_new, stale
from labeling.models import Scope
from labeling.services import create_token
from tests.deployment.moves import promote, rollback
from tests.deployment.promotion.dual import make_dual
from tests.factories import SYSTEM, acting, make_admin
from tests.web import web_process

MOVES, RATE, BETWEEN = 8, 20.0, 15
PROMPT = "where is my refund"


@pytest.fixture
def web(process_env, tmp_path):
    with web_process({**process_env, "LOCAL_MODEL_SERVER_KEY": "for-tests"}, tmp_path) as url:
        yield url


@pytest.mark.django_db(transaction=True)
def test_swap(request, settings, tmp_path, local_url, standin, tiny_ggufs, web):
    dual, ada = make_dual(request, settings, tmp_path, local_url, standin, tiny_ggufs), make_admin("ada")
    project, actor, moves = dual.project, acting(ada), []
    promote(actor, dual.language)
    with httpx.Client(base_url=standin.url) as http:
        named = {answer_of(http, each.server_tag, PROMPT): each.tag for each in (dual.language, dual.later)}
    assert len(named) == 2, "the two versions answer differently"
    _, secret = create_token(SYSTEM, ada, "load", [project], [Scope.PREDICT])
    here = [api_client(f"{web}/api/v1/projects/{project.key}/predict", secret, [PROMPT]) for _ in range(4)]
    outside = [alias_client(standin.url, project.key, PROMPT, named) for _ in range(2)]
    with Load(here, RATE, tries=1) as load, Load(outside, RATE, tries=1) as beside:
        for number in range(MOVES):
            began = time.monotonic()
            done = rollback(actor, project, reason="back") if number % 2 else promote(actor, dual.head, reason="on")
            moves.append(Moved(began, time.monotonic(), done.version.tag))
            load.await_answers(BETWEEN)
    assert (load.failures, beside.failures) == ([], [])
    assert stale(load.sent, moves) == []
    assert all(first_new(load.sent, move) for move in moves)
    assert set(load.answers) == {dual.language.tag, dual.head.tag}
    assert set(beside.answers) == {dual.language.tag}, "the alias never left it"
