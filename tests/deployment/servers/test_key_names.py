"""The variable that holds a server's key, or a base's token, is one of the operator's for us, at every door."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from deployment.models import InferenceServer
from deployment.servers.drivers import DriverError, driver_for
from tests.factories import make_admin
from training.engine.config import BaseModelConfig
from training.models import BaseModel

pytestmark = pytest.mark.django_db
SAID = "must be named TOUCHSTONE_KEY_"
FIELDS = {"name": "box", "kind": "ollama", "url": "http://127.0.0.1:1", "slots": 1}
REST = {"threads": 0, "memory_mb": 0, "max_loaded": 0}
OTHERS = ["SECRET_KEY", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "touchstone_key_a", "TOUCHSTONE_KEY_"]


def sent_to(row):
    """The key that a request to the server carries."""
    found = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found.append(self.headers.get("Authorization"))
            self.send_response(500)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        row.url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(DriverError):
            driver_for(row).probe()
        server.shutdown()
    return found[0]


@pytest.mark.parametrize("name", OTHERS)
def test_forms_and_api_refuse_another(client, name):
    client.force_login(make_admin())
    page = client.post("/admin/deployment/inferenceserver/add/", {**FIELDS, **REST, "key_env": name})
    assert page.status_code == 200
    assert SAID in page.content.decode()
    body = json.dumps(FIELDS | {"key_env": name})
    said = client.post(reverse("api-servers"), body, content_type="application/json")
    assert said.status_code == 400, said.content
    assert SAID in str(said.json()["errors"]["key_env"])
    with pytest.raises(ValidationError, match=SAID):
        BaseModel(name="a", location="b", token_env=name).full_clean()
    with pytest.raises(ValueError, match="token_env"):
        BaseModelConfig(name="a", token_env=name)
    assert not InferenceServer.objects.filter(name="box").exists()


def test_one_of_the_operators_is_taken(client, monkeypatch):
    monkeypatch.setenv("TOUCHSTONE_KEY_BOX", "for-the-box")
    client.force_login(make_admin())
    body = json.dumps(FIELDS | {"key_env": "TOUCHSTONE_KEY_BOX"})
    assert client.post(reverse("api-servers"), body, content_type="application/json").status_code == 201
    assert sent_to(InferenceServer.objects.get(name="box")) == "Bearer for-the-box"
    BaseModel(name="a", location="b", token_env="TOUCHSTONE_KEY_HUB").full_clean()


def test_a_row_that_names_another_all_the_same_sends_nothing(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-sent")
    row = InferenceServer.objects.create(**FIELDS, key_env="AWS_SECRET_ACCESS_KEY")
    assert sent_to(row) is None
