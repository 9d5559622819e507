"""A long record is saved from its form as it stands: with more fields than forms usually have."""

import pytest

from labeling.models import GoldenSample
from tests.factories import make_expert, make_project, make_sample

pytestmark = pytest.mark.django_db

COLUMNS = [f"column {number}" for number in range(12)]
ROW = {"type": "object", "properties": {name: {"type": "string"} for name in COLUMNS}, "required": COLUMNS}
LONG = {"type": "object", "properties": {"rows": {"type": "array", "maxItems": 100, "items": ROW}}}


def test_a_record_of_more_than_a_thousand_values_is_saved(client):
    project = make_project("long", "record", labels=(), schema=LONG)
    sample = make_sample(project)
    client.force_login(make_expert(project, "ana"))
    client.get("/projects/long/review/")
    typed = {f"/rows/{row}/{name}": "x" for row in range(100) for name in COLUMNS}
    said = client.post("/projects/long/review/", typed | {"sample": str(sample.uid), "action": "save"}, follow=True)
    assert "labelled" in said.text
    assert GoldenSample.objects.get().answer == {"rows": [dict.fromkeys(COLUMNS, "x")] * 100}
