"""What the doors that are used all day cost the database, in statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.deployment.moves import promote
from tests.deployment.serving.test_api import token_client
from tests.deployment.standins import make_staged
from tests.factories import make_admin, make_expert, make_operator, make_sample

pytestmark = pytest.mark.django_db


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Without savepoints: a test's own transaction makes them of what begins and commits in service."""
    return [row["sql"] for row in captured if not row["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


@pytest.fixture
def live(shop):
    promote(make_admin(), make_staged(shop, 1))
    for number in range(30):
        make_sample(shop, f"Message number {number}")
    return shop


def test_a_prediction_for_a_new_text(live):
    client = token_client(make_operator(live), live, "predict")
    with CaptureQueriesContext(connection) as captured:
        assert client.post("/api/v1/projects/shop/predict", {"text": "Where is it?"}, format="json").status_code == 200
    assert len(statements(captured)) <= 13, "\n".join(statements(captured))


def test_the_next_text_of_a_review(live, client):
    client.force_login(make_expert(live))
    client.get("/projects/shop/review/")
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/projects/shop/review/").status_code == 200
    assert len(statements(captured)) <= 13, "\n".join(statements(captured))


def test_the_page_of_all_projects(live, client):
    client.force_login(make_expert(live))
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/").status_code == 200
    assert len(statements(captured)) <= 7, "\n".join(statements(captured))
