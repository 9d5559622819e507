"""Promotions and rollbacks under a steady load: nothing fails, and nobody new is answered by the old version."""

import itertools

import httpx
import pytest

from demo.load import Load, Moved, Sent, alias_client, answer_of, api_client, during, first_new, percentile, stale
from demo.swapping import swap_back_and_forth
from labeling.models import Scope
from labeling.services import create_token
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_project
from tests.web import web_process

# What two busy cores carry; `make bench NAME=swap` asks 50 times a second.
MOVES, RATE, CLIENTS = 20, 20.0, 8
# Answers on each door after a move and before the next: half a second of load, or longer on a busy machine.
BETWEEN = 10
PROMPT = "Where is my parcel?"


@pytest.fixture
def ada(db):
    return make_admin("ada")


@pytest.fixture
def two(ada, tiny_ggufs):
    """Makes a project with two real versions on a server, the first one live."""

    def make(server):
        project = make_project("swap", decoding={"temperature": 0, "seed": 7, "num_predict": 48, "num_ctx": 512})
        serve_from(project, server)
        for number, path in enumerate(tiny_ggufs, start=1):
            make_staged(project, number, content=path.read_bytes())
        promote(ada, project.versions.get(number=1))
        return project

    return make


@pytest.fixture
def web(process_env, tmp_path):
    """In a process of its own, as in production: one interpreter does not carry 50 requests/s and their clients.

    Each of its workers takes all clients at once: it turns away who would be one too many, swap or not.
    """
    places = {"WEB_THREADS": f"{CLIENTS + 4}", "MODEL_CALLS": f"{CLIENTS + 2}"}
    with web_process({**process_env, **places, "LOCAL_MODEL_SERVER_KEY": "for-tests"}, tmp_path) as url:
        yield url


def touchstone_clients(project, ada, web, number=CLIENTS):
    _, secret = create_token(SYSTEM, ada, "load", [project], [Scope.PREDICT])
    url = f"{web}/api/v1/projects/{project.key}/predict"
    return [api_client(url, secret, [PROMPT, "I was charged twice"]) for _ in range(number)]


def all_is_well(load, moves):
    """Every planned request was sent and answered, and each move was made and felt under load."""
    assert len(load.sent) == load.planned >= MOVES * BETWEEN
    assert load.failures == []
    assert stale(load.sent, moves) == []
    assert set(load.answers) == {"swap:v1", "swap:v2"}
    assert all(first_new(load.sent, move) for move in moves)


@pytest.mark.django_db(transaction=True)
def test_on_the_local_server(two, ada, web, settings, local_url):
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    project = two(make_server(local_url, kind="local", name="local"))
    with Load(touchstone_clients(project, ada, web), RATE) as load:
        moves = swap_back_and_forth(project, acting(ada), MOVES, lambda: load.await_answers(BETWEEN))
    assert [move.tag for move in moves] == list(itertools.islice(itertools.cycle(["swap:v2", "swap:v1"]), MOVES))
    all_is_well(load, moves)


@pytest.mark.django_db(transaction=True)
def test_on_ollama_and_beside_it_on_the_alias(two, ada, web, standin):
    project = two(make_server(standin.url))
    with httpx.Client(base_url=standin.url) as http:
        versions = {answer_of(http, f"models.invalid/touchstone/swap:v{n}", PROMPT): f"swap:v{n}" for n in (1, 2)}
    assert len(versions) == 2, "the two versions answer differently"
    outside = [alias_client(standin.url, "swap", PROMPT, versions) for _ in range(4)]
    with Load(touchstone_clients(project, ada, web), RATE) as load, Load(outside, RATE) as beside:
        moves = swap_back_and_forth(
            project, acting(ada), MOVES, lambda: [each.await_answers(BETWEEN) for each in (load, beside)]
        )
    all_is_well(load, moves)
    all_is_well(beside, moves)


def test_what_is_counted():
    moves = [Moved(10.0, 10.1, "b"), Moved(20.0, 20.1, "a")]
    sent = [
        Sent(9.0, 9.5, "a"),
        Sent(10.05, 10.3, "a"),  # began during the move: either version may answer
        Sent(10.2, 10.4, "b"),
        Sent(15.0, 15.2, "a"),  # stale
        Sent(16.0, 16.1, "", 1, "away"),
        Sent(19.9, 20.05, "a"),  # the following move began meanwhile
        Sent(20.2, 20.3, "a"),
    ]
    assert stale(sent, moves) == [sent[3]]
    assert first_new(sent, moves[0]) == pytest.approx(0.4)
    assert first_new(sent, Moved(30.0, 30.1, "b")) is None
    assert during([*sent, Sent(20.2, 20.3, "a", late=0.5)], moves) == pytest.approx([0.25, 0.2, 0.15, 0.1, 0.6])
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile(range(1, 101), 0.99) == 99
