"""What a body of a request to the local model server may be, before it is looked at."""

import asyncio

import pytest
from starlette.requests import Request

from deployment.servers.localserver import requests
from deployment.servers.localserver.requests import RequestError, body_of


def asked(*blocks: bytes) -> Request:
    """A request whose body comes in these blocks."""
    messages = [{"type": "http.request", "body": block, "more_body": True} for block in blocks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    rest = iter(messages)

    async def receive() -> dict:
        return next(rest)

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_a_body_in_blocks_is_read():
    assert asyncio.run(body_of(asked(b'{"a": ', b"1}"))) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"a":' * 5_000, "nested too deeply"),
        (b"nope", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[1]", "a JSON object"),
    ],
)
def test_what_is_none_is_refused(body, says):
    with pytest.raises(RequestError, match=says):
        asyncio.run(body_of(asked(body)))


def test_a_long_body_is_refused_before_the_rest_of_it_comes(monkeypatch):
    monkeypatch.setattr(requests, "MAX_BODY", 10)
    request = asked(b"x" * 6, b"x" * 6, b"never")
    with pytest.raises(RequestError, match="longer than 10 bytes"):
        asyncio.run(body_of(request))
    assert asyncio.run(request.receive())["body"] == b"never"
