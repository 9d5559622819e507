"""Mail is set up by one URL; what is wrong with it stops the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import Env


def test_a_url_names_host_port_account_and_tls(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "submission://label%40example.org:se%2Fcret@mail.example.org:587")
    found = Env().mail("EMAIL_URL")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("label@example.org", "se/cret")
    assert found["EMAIL_USE_TLS"]
    assert not found["EMAIL_USE_SSL"]
    monkeypatch.setenv("EMAIL_URL", "smtp://mail.example.org:465?ssl=True")
    assert Env().mail("EMAIL_URL")["EMAIL_USE_SSL"]


@pytest.mark.parametrize(
    "url", ["mail.example.org", "console://", "http://mail.example.org", "smtp://", "smtp+tls://a.b", "file:///tmp"]
)
def test_anything_else_is_refused(monkeypatch, url):
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        Env().mail("EMAIL_URL")


def test_the_url_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "mail").write_text("smtp://mail.example.org\n")
    # Set and taken away, so that it is taken away again afterwards, whatever the file brings.
    monkeypatch.setenv("EMAIL_URL", "")
    monkeypatch.delenv("EMAIL_URL")
    monkeypatch.setenv("EMAIL_URL_FILE", str(tmp_path / "mail"))
    assert Env().mail("EMAIL_URL")["EMAIL_HOST"] == "mail.example.org"
