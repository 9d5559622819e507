"""What every driver promises, held against the real local server, the stand-in Ollama (with made answers, and with a
real llama.cpp behind it), and with `-m ollama` against the live server at OLLAMA_HOST, which is left as it was."""

import os
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from deployment.models.formats import FORMATS
from deployment.servers.drivers import (
    Content,
    Driver,
    DriverError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    TransportError,
)
from deployment.servers.drivers.local import LocalDriver
from deployment.servers.drivers.ollama import OllamaDriver
from labeling.answers import parse
from labeling.kinds import LabelDef, Spec, json_schema
from labeling.prompts import messages
from tests.deployment.standins import content_of

SPEC = Spec("multi_label", "Tag the message.", tuple(map(LabelDef, ("billing", "delivery", "praise"))), 2)
ASK = messages(SPEC, "Where is my parcel?")
OURS = f"models.invalid/touchstone/contract-{secrets.token_hex(4)}"


@pytest.fixture(params=["local", "standin", "llama", pytest.param("live", marks=pytest.mark.ollama)])
def driver(request) -> Iterator[Driver]:
    match request.param:
        case "local":
            yield LocalDriver(request.getfixturevalue("local_url"), "for-tests", 2, 60.0)
        case "standin":
            yield OllamaDriver(request.getfixturevalue("standin_url"), "", 1, 30.0)
        case "llama":
            yield OllamaDriver(request.getfixturevalue("llama_standin_url"), "", 1, 60.0)
        case "live":
            yield from as_it_was(OllamaDriver(live_url(), os.environ.get("OLLAMA_API_KEY", ""), 1, 120.0))


def live_url() -> str:
    given = os.environ["OLLAMA_HOST"]
    parts = urlsplit(given if "//" in given else f"http://{given}")
    return parts.geturl() if parts.port else f"{parts.scheme}://{parts.hostname}:11434"


def as_it_was(driver: Driver) -> Iterator[Driver]:
    """Whatever a test brought is removed; what was there is there still, loaded or not as before."""
    before = {(row.tag, row.digest, row.loaded) for row in driver.catalogue()}
    yield driver
    for row in driver.catalogue():
        if row.tag.startswith(OURS):
            driver.unload(row.tag)
            driver.remove(row.tag)
    assert {(row.tag, row.digest, row.loaded) for row in driver.catalogue()} == before


@pytest.fixture
def tag(request) -> str:
    return f"{OURS}-{secrets.token_hex(4)}:v1"


def artifact(path) -> Content:
    return content_of(path, system="Tag the message.", parameters={"num_ctx": 512, "temperature": 0.0})


def entry(driver, tag):
    return next((row for row in driver.catalogue() if row.tag == tag), None)


def in_memory(driver, tag):
    """A runner belongs to the content, whichever of its names it was loaded by."""
    digest = driver.digest_of(tag)
    return next((model for model in driver.measure().loaded if model.digest == digest), None)


def test_it_says_its_version(driver):
    assert driver.probe().version


def test_staging_twice_is_harmless(driver, tag, tiny_ggufs):
    first = driver.stage(tag, artifact(tiny_ggufs[0]))
    assert driver.stage(tag, artifact(tiny_ggufs[0])) == first
    assert first.uploaded.endswith(artifact(tiny_ggufs[0]).sha256)
    assert driver.digest_of(tag) == first.manifest
    assert entry(driver, tag).digest == first.manifest


def test_the_same_file_has_the_same_layer_under_any_tag(driver, tag, tiny_ggufs):
    one, two = (driver.stage(name, artifact(tiny_ggufs[0])) for name in (tag, f"{tag}b"))
    assert one.layer == two.layer != ""
    assert driver.stage(f"{tag}c", artifact(tiny_ggufs[1])).layer != one.layer


def test_the_catalogue_says_what_a_model_is(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    row = entry(driver, tag)
    assert (row.quantization, row.family, row.capabilities) == ("Q8_0", "llama", ("completion",))
    assert row.size_bytes >= tiny_ggufs[0].stat().st_size
    assert row.context >= 512


@pytest.mark.parametrize("parameters", [{"num_ctx": "many"}, {"no_such": 1}, {"stop": ["a", 1]}])
def test_a_parameter_that_servers_would_take_silently_is_refused(driver, tag, tiny_ggufs, parameters):
    with pytest.raises(RefusedError, match="parameter"):
        driver.stage(tag, replace(artifact(tiny_ggufs[0]), parameters=parameters))
    assert driver.digest_of(tag) == ""


def test_a_format_that_it_does_not_serve_is_refused_with_what_to_do(driver, tag, tiny_ggufs):
    with pytest.raises(RefusedError, match=r"serves gguf.*Choose in the serving policy .* rebuild the version"):
        driver.stage(tag, replace(artifact(tiny_ggufs[0]), format="safetensors"))
    for format in FORMATS.keys() - driver.formats:
        with pytest.raises(RefusedError, match=re.escape(f"{format} ({FORMATS[format]})")):
            driver.stage(tag, replace(artifact(tiny_ggufs[0]), format=format))


def test_other_content_under_a_tag_is_refused(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    before = driver.digest_of(tag)
    with pytest.raises(RefusedError):
        driver.stage(tag, artifact(tiny_ggufs[1]))
    assert driver.digest_of(tag) == before


def test_a_model_of_the_catalogue_is_staged_as_it_is_or_refused(driver, tag, tiny_ggufs):
    source = f"{tag}-source"
    digest = driver.stage(source, artifact(tiny_ggufs[0])).manifest
    borrowed = Content("", digest, source=source, system="Be brief.", parameters={"num_ctx": 256})
    if isinstance(driver, LocalDriver):
        with pytest.raises(RefusedError, match="has no file here"):
            driver.stage(tag, borrowed)
        return
    found = driver.stage(tag, borrowed)
    assert found.manifest == driver.digest_of(tag) != digest
    assert found.layer == driver.stage(f"{tag}b", artifact(tiny_ggufs[0])).layer
    with pytest.raises(RefusedError, match="another model than before"):
        driver.stage(f"{tag}c", replace(borrowed, sha256="0" * 64))
    with pytest.raises(RefusedError, match="is not on this server"):
        driver.stage(f"{tag}c", replace(borrowed, source="models.invalid/touchstone/nobody:v9"))


def test_other_parameters_under_a_tag_are_refused(driver, tag, tiny_ggufs):
    first = artifact(tiny_ggufs[0])
    before = driver.stage(tag, first).manifest
    with pytest.raises(RefusedError, match="other content"):
        driver.stage(tag, replace(first, parameters=first.parameters | {"num_ctx": 256}))
    assert driver.digest_of(tag) == before
    assert driver.stage(tag, first).manifest == before


def test_a_file_that_is_not_what_its_digest_says_is_refused(driver, tag, tiny_ggufs):
    wrong = replace(artifact(tiny_ggufs[0]), sha256="0" * 64)
    with pytest.raises(DriverError):
        driver.stage(tag, wrong)
    assert driver.digest_of(tag) == ""


def test_it_loads_measures_and_unloads(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    while there := in_memory(driver, tag):
        driver.unload(there.tag)
    driver.load(tag)
    assert entry(driver, tag).loaded
    loaded = in_memory(driver, tag)
    assert loaded.context == 512
    assert loaded.memory_bytes > tiny_ggufs[0].stat().st_size
    driver.unload(tag)
    assert in_memory(driver, tag) is None
    assert not entry(driver, tag).loaded


def test_a_move_is_proven(driver, tag, tiny_ggufs):
    alias, other = f"{OURS}-alias", f"{tag}b"
    driver.stage(tag, artifact(tiny_ggufs[0]))
    driver.stage(other, artifact(tiny_ggufs[1]))
    for each in (tag, other, tag):
        driver.move(alias, each)
        proof = driver.prove(alias, each)
        assert proof.ok, proof.sentence
        assert proof.digest == driver.digest_of(each)
        assert proof.digest[:12] in proof.sentence
        names = driver.names_of(proof.digest)
        assert {driver.digest_of(name) for name in names} <= {proof.digest}
        for name in names:
            assert driver.chat(name, [{"role": "user", "content": "Hello"}], {"num_predict": 1}, None).completion_tokens
    assert driver.names_of("") == driver.names_of("no digest") == ()
    missing = driver.prove(alias, "models.invalid/touchstone/nobody:v9")
    assert not missing.ok
    assert "nobody" in missing.sentence


def test_a_prompt_is_rendered_and_counted(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    found = driver.render(tag, ASK)
    expected = "".join(f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in ASK)
    assert found.text == expected + "<|im_start|>assistant\n"
    assert found.tokens == driver.chat(tag, ASK, {"num_predict": 1}, None).prompt_tokens > 0
    assert driver.render(tag, ASK) == found


def test_what_is_not_there_is_named(driver):
    for call in (driver.load, driver.unload):
        with pytest.raises(NotThereError):
            call("models.invalid/touchstone/nobody:v9")
    with pytest.raises(NotThereError):
        driver.chat("models.invalid/touchstone/nobody:v9", ASK, {}, None)
    assert driver.digest_of("models.invalid/touchstone/nobody:v9") == ""
    driver.remove("models.invalid/touchstone/nobody:v9")


def test_an_answer_fits_the_schema_and_repeats(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    driver.load(tag)
    decoding = {"temperature": 0, "seed": 7, "num_predict": 64}
    replies = [driver.chat(tag, ASK, decoding, json_schema(SPEC), logprobs=True) for _ in range(2)]
    assert replies[0].text == replies[1].text
    assert parse(replies[0].text, SPEC, None).answer is not None
    assert replies[0].complete
    assert replies[0].latency_ms > 0
    # The end token is generated, too, and has no probability.
    assert replies[0].completion_tokens == len(replies[0].logprobs) + 1 > 1
    assert all(value <= 0 for value in replies[0].logprobs)
    assert not driver.chat(tag, ASK, decoding, json_schema(SPEC)).logprobs


def test_a_cut_off_answer_says_so(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    reply = driver.chat(tag, ASK, {"num_predict": 3}, json_schema(SPEC), logprobs=True)
    assert not reply.complete
    assert reply.completion_tokens == len(reply.logprobs) == 3


def test_a_prompt_longer_than_the_context_is_refused_and_counted(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    long = messages(SPEC, "word " * 2000)
    with pytest.raises(PromptTooLongError) as refused:
        driver.chat(tag, long, {"num_predict": 8}, None)
    assert refused.value.context == 512
    assert driver.render(tag, long).tokens == refused.value.tokens > 2000


def test_several_at_once(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    driver.load(tag)
    replies, failures = [], []

    def one(number):
        try:
            asked = messages(SPEC, f"Text {number}")
            replies.append(driver.chat(tag, asked, {"num_predict": 64}, json_schema(SPEC)))
        except DriverError as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(replies) == 6


def test_removing_is_for_good(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    driver.remove(tag)
    assert driver.digest_of(tag) == ""
    assert entry(driver, tag) is None


def test_a_server_that_is_away_is_a_transport_error():
    for driver in (LocalDriver("http://127.0.0.1:9", "k", 1, 2.0), OllamaDriver("http://127.0.0.1:9", "", 1, 2.0)):
        with pytest.raises(TransportError):
            driver.probe()
        with pytest.raises(TransportError):
            driver.chat("x", ASK, {}, None)
