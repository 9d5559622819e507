"""A setting that is one of a few words refuses any other, and says which there are."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import Env

WORDS = ("managers", "administrators")


def test_the_first_word_stands_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("PROJECT_MAKERS", raising=False)
    assert Env().one_of("PROJECT_MAKERS", WORDS) == "managers"
    monkeypatch.setenv("PROJECT_MAKERS", "administrators")
    assert Env().one_of("PROJECT_MAKERS", WORDS) == "administrators"


@pytest.mark.parametrize("said", ["", "Managers", "everybody"])
def test_another_word_stops_the_start(monkeypatch, said):
    monkeypatch.setenv("PROJECT_MAKERS", said)
    with pytest.raises(ImproperlyConfigured, match="managers or administrators"):
        Env().one_of("PROJECT_MAKERS", WORDS)
