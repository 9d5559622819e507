"""What one click on Promote costs: the rows are read once, and no server is asked the same thing twice."""

from collections import Counter

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deployment.live import live_version
from tests.deployment.moves import premise_on, promote
from tests.deployment.standins import make_staged
from tests.factories import make_operator

pytestmark = pytest.mark.django_db
MOST_QUERIES = 30


@pytest.fixture
def asked(monkeypatch):
    """Every request to a model server, as `METHOD /path`."""
    found = []
    send = httpx.Client.send

    def counted(self, request, **options):
        found.append(f"{request.method} {request.url.path}")
        return send(self, request, **options)

    monkeypatch.setattr(httpx.Client, "send", counted)
    return found


def statements(captured):
    """Without savepoints: a test's own transaction makes them of what begins and commits in service."""
    return [row["sql"] for row in captured if not row["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def test_one_click_reads_once_and_asks_once(shop, client, standin, asked):
    promote(make_operator(shop, "olga"), make_staged(shop, 1))
    make_staged(shop, 2)
    client.force_login(make_operator(shop, "otto"))
    url = "/projects/shop/versions/2/promote/"
    decided_on = premise_on(client, url)
    asked.clear()
    with CaptureQueriesContext(connection) as captured:
        response = client.post(url, {"premise": decided_on, "reason": ""})
    assert response.status_code == 302
    assert live_version(shop).number == 2
    found = statements(captured)
    assert len(found) <= MOST_QUERIES, "\n".join(found)
    assert Counter(asked) == {
        "GET /api/ps": 1,  # what would be thrown out of memory
        "GET /api/tags": 2,  # whose alias it is and whether the tag is there; after the move, where the alias leads
        "POST /api/generate": 1,  # loaded
        "POST /api/chat": 2,  # the canary; the alias answers
        "POST /api/copy": 1,
    }
