"""What a server says is made storable where a driver reads it: nothing behind that can meet half a character."""

import pytest

from deployment.models import InferenceServer
from deployment.servers.drivers.errors import RefusedError
from deployment.servers.drivers.local_answers import head_of
from deployment.servers.drivers.said import ModelEntry, Reply, ServerInfo

pytestmark = pytest.mark.django_db


def test_answers_names_and_errors_can_be_kept():
    assert Reply("a\x00b\ud800", 1.0).text == "a\ufffdb\ufffd"
    assert ServerInfo("0.34\x00", broken=("x\ud800", "y")) == ServerInfo("0.34\ufffd", broken=("x\ufffd", "y"))
    assert ServerInfo("1" * 99).version == "1" * InferenceServer._meta.get_field("version").max_length
    assert ModelEntry("tag\x00", "", 1, False, capabilities=("completion\x00",)).capabilities == ("completion\ufffd",)
    assert str(RefusedError("no \x00")) == "no \ufffd"


def test_a_limit_that_counts_the_instruction_is_told_so() -> None:
    said = {"confidence": 0.9, "probabilities": {"a": 0.9}, "cut": True, "unknown": False, "limit": 99}
    assert head_of(said).note == "The text is longer than the 99 tokens that are read; its rest was not read."
    told = "Instruction and text together are longer than the 99 tokens that are read; the text's rest was not read."
    assert head_of({**said, "framed": True}).note == told
