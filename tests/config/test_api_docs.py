"""The page of the API: light, with every operation, and with four calls that work as they are pasted."""

import gzip
import html
import os
import re
import subprocess

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from labeling.models import Feedback, Prediction
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.factories import make_admin, make_project
from tests.training.helpers import make_golden, make_policy
from training.models import TrainingRun

DOCS = "/api/v1/docs"
MOST = 1_000_000


@pytest.mark.django_db
def test_it_is_light_and_has_every_operation(client):
    page = client.get(DOCS).content.decode()
    described = SchemaGenerator().get_schema(request=None, public=True)
    ids = {one["operationId"] for methods in described["paths"].values() for one in methods.values()}
    assert {found for found in ids if f'id="{found}"' not in page} == set()
    assert len(gzip.compress(page.encode())) < len(page) < MOST
    assert page.index("Get a token") < page.index("api-search") < page.index("api-operation")
    assert client.post(DOCS)["Content-Type"] == "application/problem+json"


def call(page: str, name: str) -> str:
    (found,) = re.findall(rf'id="call-{name}"[^>]*><code>(.*?)</code>', page, re.DOTALL)
    return html.unescape(found)


@pytest.mark.django_db(transaction=True)
def test_its_four_calls_work_as_pasted(client, live_server, tmp_path, capsys):
    shop = make_project("shop")
    make_policy(shop)
    make_golden(shop, 3)
    with ollama_standin(tmp_path) as standin:
        serve_from(shop, make_server(standin.url))
        promote(make_admin("ada"), make_staged(shop, 1))
        page = client.get(DOCS, HTTP_HOST=live_server.url.removeprefix("http://")).content.decode()
        asked = re.fullmatch(r'TOKEN=\$\(make -s manage ARGS="(.*)"\)', call(page, "token"))
        assert asked
        call_command(*asked.group(1).split())
        secret = capsys.readouterr().out.strip()
        script = "\n".join(call(page, name) for name in ("ask", "correct", "train"))
        told = subprocess.run(
            ["bash", "-euc", script], env={**os.environ, "TOKEN": secret}, capture_output=True, text=True, timeout=60
        )
    assert told.returncode == 0, told.stderr
    assert Prediction.objects.filter(external_id="ticket-4711").exists()
    assert Feedback.objects.get().answer == {"labels": ["billing"]}, told.stdout
    assert TrainingRun.objects.get(trigger="api").state == "queued", told.stdout
