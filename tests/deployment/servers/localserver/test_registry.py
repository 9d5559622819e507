"""Who may ask, and what can be created."""

import json
from dataclasses import asdict

import httpx
import pytest

from deployment.servers.localserver.registry import Registry
from tests.deployment.servers.localserver.conftest import KEY, body_for, front_on

UNKNOWN = "models.invalid/touchstone/nobody:v9"


def test_only_livez_needs_no_key(front):
    assert httpx.get(f"{front.url}/livez").status_code == 200
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}):
        for method, path in (("GET", "/models"), ("GET", "/version"), ("POST", "/v1/chat/completions")):
            answer = httpx.request(method, f"{front.url}{path}", headers=headers)
            assert answer.status_code == 401
            assert "key" in answer.json()["error"]["message"]


def test_it_says_its_version(front):
    found = front.http.get("/version").json()
    assert found["name"] == "touchstone-local"
    assert found["version"]
    assert "xllamacpp" in found["llama_cpp"]


def test_a_model_is_created_once(front, tiny_ggufs):
    tag = front.create(tiny_ggufs[0])
    again = front.post("/models", 200, **body_for(tiny_ggufs[0], tag))
    row = front.row(tag)
    assert again["created_at"] == row["created_at"]
    assert row["size"] == tiny_ggufs[0].stat().st_size
    assert not row["loaded"]
    assert row["threads"] == 0


def test_a_tag_never_changes_its_content(front, tiny_ggufs):
    tag = front.create(tiny_ggufs[0])
    for body in (body_for(tiny_ggufs[1], tag), body_for(tiny_ggufs[0], tag, context=256)):
        assert "immutable" in front.post("/models", 409, **body)["error"]["message"]


def test_slots_are_the_machines_and_may_change(front, tiny_ggufs):
    tag = front.create(tiny_ggufs[0], slots=2)
    front.post("/models", 200, **body_for(tiny_ggufs[0], tag, slots=3))
    assert front.row(tag)["slots"] == 3


def test_a_file_must_be_there_and_be_what_its_digest_says(front, tiny_ggufs, tmp_path):
    body = body_for(tiny_ggufs[0], "models.invalid/touchstone/refused:v1")
    assert "digest" in front.post("/models", 400, **body | {"sha256": "0" * 64})["error"]["message"]
    assert "no file" in front.post("/models", 400, **body | {"path": str(tmp_path / "x")})["error"]["message"]


@pytest.mark.parametrize(
    "body", [{}, {"tag": 3}, {"tag": "x", "path": "y"}, {"tag": "x", "path": "y", "sha256": "z", "slots": 0}]
)
def test_what_is_missing_is_named(front, body):
    assert "must be" in front.post("/models", 400, **body)["error"]["message"]


def test_a_body_that_is_no_object_is_refused(front):
    for content in (b"", b"{", b"[]", b"3", b"\xff"):
        assert front.http.post("/models/load", content=content).status_code == 400


def test_an_unknown_tag_is_a_404_that_names_it(front):
    for path in ("/models/load", "/models/unload"):
        assert UNKNOWN in front.post(path, 404, tag=UNKNOWN)["error"]["message"]
    for path in ("/v1/chat/completions", "/tokenize", "/apply-template"):
        assert UNKNOWN in front.post(path, 404, model=UNKNOWN, messages=[])["error"]["message"]
    assert front.http.delete("/models", params={"tag": UNKNOWN}).status_code == 404


def test_a_removed_tag_is_gone_and_free_again(front, tiny_ggufs):
    tag = front.create(tiny_ggufs[0])
    front.post("/models/load", tag=tag)
    assert front.http.delete("/models", params={"tag": tag}).status_code == 200
    front.ask(tag, status=404)
    assert front.create(tiny_ggufs[1], tag=tag) == tag


def test_a_path_that_leaves_the_folder_of_files_is_refused(tmp_path, tiny_ggufs):
    root = tmp_path / "artifacts"
    root.mkdir()
    (root / "in.gguf").write_bytes(tiny_ggufs[0].read_bytes())
    (root / "link.gguf").symlink_to(tiny_ggufs[0])
    body = body_for(tiny_ggufs[0], "models.invalid/touchstone/out:v1")
    with front_on(tmp_path / "state", root) as front:
        for path in (str(tiny_ggufs[0]), "../../etc/passwd", "link.gguf"):
            assert "is not below" in front.post("/models", 400, **body | {"path": path})["error"]["message"]
        front.post("/models", 201, **body | {"path": "in.gguf"})
        assert front.http.get("/version").json()["broken"] == []
        (root / "in.gguf").unlink()
        assert front.http.get("/version").json()["broken"] == [body["tag"]]
        assert front.post("/models/load", 409, tag=body["tag"])["error"]["type"] == "model_broken"


def test_an_old_registry_keeps_what_lies_below_the_folder(tmp_path, tiny_ggufs):
    registry = Registry(tmp_path, tiny_ggufs[0].parent)
    inside, _ = registry.add("in:v1", tiny_ggufs[0].name, body_for(tiny_ggufs[0], "")["sha256"], 512, 1)
    rows = [asdict(inside), asdict(inside) | {"tag": "out:v1", "path": "/elsewhere/v1.gguf"}]
    (tmp_path / "models.json").write_text(json.dumps(rows))
    assert [entry.tag for entry in Registry(tmp_path, tiny_ggufs[0].parent).all()] == ["in:v1"]
