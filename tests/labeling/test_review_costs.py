"""What the review page costs the database, in statements: a look, and a decision with the next text."""

import pytest

from tests.factories import make_expert, make_project, make_sample
from tests.labeling.proposing import propose
from tests.labeling.test_review_page import URL, fields, page

pytestmark = pytest.mark.django_db


def test_a_look_and_a_decision_cost_no_more_than_they_did(client, django_assert_max_num_queries):
    project = make_project("shop")
    for number in range(3):
        propose(make_sample(project, f"Text {number}", rank=number))
    client.force_login(make_expert(project, "ana"))
    html = page(client)
    with django_assert_max_num_queries(14):
        page(client)
    with django_assert_max_num_queries(30):
        assert client.post(URL, fields(html), headers={"HX-Request": "true"}).status_code == 200
