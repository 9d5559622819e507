"""What may be a project's key: what every model server takes as a part of a model's name."""

import pytest

from labeling.keys import is_key

pytestmark = pytest.mark.pure

REFUSED = ["-tickets", "_tickets", "", "two words", "tickets.v1", "m\u00e4rkte", "a/b", "a:b", "a\n", "k" * 81]


@pytest.mark.parametrize("key", ["tickets", "Tickets", "7-of_9", "k" * 80])
def test_what_servers_take(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize("key", REFUSED)
def test_what_servers_would_not_take(key: str) -> None:
    assert not is_key(key)
