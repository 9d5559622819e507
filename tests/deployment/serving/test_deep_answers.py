"""A model server whose answers are nested without end is a server that cannot be read, not an error of ours."""

import httpx
import pytest

from deployment.servers.drivers.errors import RefusedError, TransportError
from deployment.servers.drivers.local_answers import refusal
from deployment.servers.drivers.ollama_calls import errors, refuse

DEEP = "[" * 200_000


def test_an_answer_that_the_client_cannot_take_is_unreadable() -> None:
    with pytest.raises(TransportError, match="unreadable answer"), errors("list models"):
        httpx.Response(200, text=DEEP).json()


def test_an_error_that_is_nested_is_passed_on_as_text() -> None:
    with pytest.raises(RefusedError) as found:
        refuse("create", 400, DEEP)
    assert len(str(found.value)) < 600
    assert len(str(refusal(httpx.Response(500, text=DEEP)))) < 600
