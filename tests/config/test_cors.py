"""Scripts of other sites: kept out unless a setting names them, and let into the API alone, never with a session."""

import pytest

pytestmark = pytest.mark.django_db
SITE = "https://tool.example.org"
ASKED = {
    "HTTP_ORIGIN": SITE,
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PATCH",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization, if-match",
}


def test_nobody_is_let_in_unless_a_setting_says_so(client):
    for said in (client.options("/api/v1/projects", **ASKED), client.get("/api/v1", HTTP_ORIGIN=SITE)):
        assert not [name for name in said.headers if name.startswith("Access-Control")]


def test_who_is_named_is_let_into_the_api_alone(client, settings):
    settings.CORS_ALLOWED_ORIGINS = [SITE]
    said = client.options("/api/v1/projects/shop", **ASKED)
    assert (said.status_code, said["Access-Control-Allow-Origin"]) == (200, SITE)
    assert "if-match" in said["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in said
    read = client.get("/api/v1/projects", HTTP_ORIGIN=SITE)
    assert (read.status_code, read["Access-Control-Allow-Origin"]) == (401, SITE)
    assert "ETag" in read["Access-Control-Expose-Headers"]
    for path, origin in (("/login/", SITE), ("/api/v1/projects", "https://other.example.org")):
        assert "Access-Control-Allow-Origin" not in client.get(path, HTTP_ORIGIN=origin)
