"""What every driver promises, held against the real local server and the stand-in Ollama alike."""

import hashlib
import itertools
import threading

import pytest

from deployment.drivers import Artifact, Driver, DriverError, NotThereError, RefusedError, TransportError
from deployment.drivers.local import LocalDriver
from deployment.drivers.ollama import OllamaDriver
from labeling.kinds import LabelDef, Spec, json_schema
from labeling.prompts import messages

SPEC = Spec("multi_label", "Tag the message.", tuple(map(LabelDef, ("billing", "delivery", "praise"))), 2)
ASK = messages(SPEC, "Where is my parcel?")
_count = itertools.count(1)


@pytest.fixture(params=["local", "ollama"])
def driver(request) -> Driver:
    if request.param == "local":
        return LocalDriver(request.getfixturevalue("local_url"), "for-tests", 2, 60.0)
    return OllamaDriver(request.getfixturevalue("standin").url, "", 1, 30.0)


@pytest.fixture
def tag() -> str:
    return f"models.invalid/contract-{next(_count)}:v1"


def artifact(path) -> Artifact:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Artifact(path, digest, system="Tag the message.", parameters={"num_ctx": 512, "temperature": 0.0})


def entry(driver, tag):
    return next((row for row in driver.catalogue() if row.tag == tag), None)


def test_it_says_its_version(driver):
    assert driver.probe().version


def test_staging_twice_is_harmless(driver, tag, tiny_ggufs):
    first = driver.stage(tag, artifact(tiny_ggufs[0]))
    assert driver.stage(tag, artifact(tiny_ggufs[0])) == first
    assert first.uploaded.endswith(artifact(tiny_ggufs[0]).sha256)
    assert driver.digest_of(tag) == first.manifest
    assert entry(driver, tag).digest == first.manifest


def test_other_content_under_a_tag_is_refused(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    before = driver.digest_of(tag)
    with pytest.raises(RefusedError):
        driver.stage(tag, artifact(tiny_ggufs[1]))
    assert driver.digest_of(tag) == before


def test_a_file_that_is_not_what_its_digest_says_is_refused(driver, tag, tiny_ggufs):
    wrong = Artifact(tiny_ggufs[0], "0" * 64)
    with pytest.raises(DriverError):
        driver.stage(tag, wrong)
    assert driver.digest_of(tag) == ""


def test_it_loads_and_unloads(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    driver.load(tag)
    assert entry(driver, tag).loaded
    driver.unload(tag)
    assert not entry(driver, tag).loaded


def test_what_is_not_there_is_named(driver):
    for call in (driver.load, driver.unload):
        with pytest.raises(NotThereError):
            call("models.invalid/nobody:v9")
    with pytest.raises(NotThereError):
        driver.chat("models.invalid/nobody:v9", ASK, {}, None)
    assert driver.digest_of("models.invalid/nobody:v9") == ""
    driver.remove("models.invalid/nobody:v9")


def test_an_answer_fits_the_schema_and_repeats(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    driver.load(tag)
    decoding = {"temperature": 0, "seed": 7, "num_predict": 64}
    replies = [driver.chat(tag, ASK, decoding, json_schema(SPEC), logprobs=True) for _ in range(2)]
    assert replies[0].text == replies[1].text
    from labeling.answers import parse

    assert parse(replies[0].text, SPEC).answer is not None
    assert replies[0].complete
    assert replies[0].latency_ms > 0
    assert replies[0].completion_tokens == len(replies[0].logprobs) > 0
    assert all(value <= 0 for value in replies[0].logprobs)
    assert not driver.chat(tag, ASK, decoding, json_schema(SPEC)).logprobs


def test_a_cut_off_answer_says_so(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    reply = driver.chat(tag, ASK, {"num_predict": 3}, json_schema(SPEC))
    assert not reply.complete


def test_a_prompt_longer_than_the_context_is_refused(driver, tag, tiny_ggufs):
    driver.stage(tag, artifact(tiny_ggufs[0]))
    with pytest.raises(RefusedError):
        driver.chat(tag, messages(SPEC, "word " * 2000), {"num_predict": 8}, None)


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


def test_a_server_that_is_away_is_a_transport_error():
    for driver in (LocalDriver("http://127.0.0.1:9", "k", 1, 2.0), OllamaDriver("http://127.0.0.1:9", "", 1, 2.0)):
        with pytest.raises(TransportError):
            driver.probe()
        with pytest.raises(TransportError):
            driver.chat("x", ASK, {}, None)


def test_the_alias_of_ollama_follows_and_is_read_while_it_moves(standin, tiny_ggufs):
    driver = OllamaDriver(standin.url, "", 1, 30.0)
    tags = ["models.invalid/alias:v1", "models.invalid/alias:v2"]
    for name, path in zip(tags, tiny_ggufs, strict=True):
        driver.stage(name, artifact(path))
    stop, failures = threading.Event(), []

    def outside_client():
        while not stop.is_set():
            try:
                driver.chat("alias", ASK, {}, json_schema(SPEC))
            except NotThereError:
                pass  # before the first move
            except DriverError as error:
                failures.append(error)

    client = threading.Thread(target=outside_client)
    client.start()
    for turn in range(10):
        driver.move("alias", tags[turn % 2])
        assert driver.digest_of("alias") == driver.digest_of(tags[turn % 2])
        stop.wait(0.1)  # moves are rare: a client's second try, 50 ms later, meets no other one
    stop.set()
    client.join()
    assert failures == []
