"""What is Ollama's own: releases, faults of the way there, uploads, adapters, pulling, the alias under load."""

import json
import threading
from dataclasses import replace

import httpx
import pytest

from deployment.servers.drivers import (
    Content,
    DriverError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    SlowError,
    TransportError,
)
from deployment.servers.drivers.ollama import OllamaDriver
from deployment.servers.drivers.ollama_calls import read_version, refuse
from labeling.kinds import LabelDef, Spec, json_schema
from labeling.prompts import messages
from tests.deployment.standins import content_of, ollama_standin
from tests.deployment.tiny_gguf import write_tiny_adapter

SPEC = Spec("multi_label", "Tag the message.", tuple(map(LabelDef, ("billing", "delivery", "praise"))), 2)
ASK = messages(SPEC, "Where is my parcel?")
TAG = "models.invalid/touchstone/shop:v1"


@pytest.fixture
def driver(standin) -> OllamaDriver:
    return OllamaDriver(standin.url, "", 1, 30.0)


@pytest.fixture
def artifact(tmp_path) -> Content:
    """Three megabytes, so that an upload takes several pieces."""
    path = tmp_path / "v1.gguf"
    path.write_bytes(b"GGUF".ljust(3 << 20, b"."))
    return content_of(path, parameters={"num_ctx": 512})


@pytest.mark.parametrize(
    ("version", "adapters"),
    [("0.30.1", True), ("0.33.0-rc2", True), ("0.33.4", True), ("0.34.0", False), ("0.34.2", False), ("1.0.0", False)],
)
def test_a_release_says_whether_it_takes_adapters(version, adapters):
    assert read_version(version).adapters is adapters


@pytest.mark.parametrize("version", ["0.30.0", "0.12.11", "0.5.1", "0.0.0"])
def test_a_release_that_is_too_old_is_refused_with_the_reason(version, tmp_path):
    with (
        ollama_standin(tmp_path, "--version", version) as standin,
        pytest.raises(RefusedError, match=r"install 0\.30\.1 or newer on that host: .* chat template.* counts"),
    ):
        OllamaDriver(standin.url, "", 1, 5.0).probe()


@pytest.mark.parametrize("version", ["0.30.0", "0.12.11"])
def test_nothing_is_staged_on_a_release_that_is_too_old(version, tmp_path, artifact):
    with ollama_standin(tmp_path / "old", "--version", version) as standin:
        with pytest.raises(RefusedError, match="too old"):
            OllamaDriver(standin.url, "", 1, 5.0).stage(TAG, artifact)
        assert standin.models() == {}


@pytest.mark.parametrize("version", ["", "banana", None, 34])
def test_a_version_that_is_nonsense_is_refused(version):
    with pytest.raises(RefusedError, match="no version of Ollama"):
        read_version(version)


def test_a_refused_host_header_says_what_to_set(driver):
    driver.http.headers["Host"] = "models.example"
    with pytest.raises(RefusedError, match="OLLAMA_ORIGINS"):
        driver.probe()


def test_a_full_queue_is_worth_another_try(driver, standin, artifact):
    driver.stage(TAG, artifact)
    standin.fail("/api/chat", 503, times=1)
    assert driver.chat(TAG, ASK, {}, None).text
    standin.fail("/api/chat", 503)
    with pytest.raises(TransportError, match="queue is full"):
        driver.chat(TAG, ASK, {}, None)


@pytest.mark.parametrize("path", ["/api/version", "/api/tags", "/api/ps", "/api/chat"])
@pytest.mark.parametrize("fault", ["garbage", "cut"])
def test_an_unreadable_answer_is_asked_for_once_more(driver, standin, artifact, path, fault):
    driver.stage(TAG, artifact)

    def ask():
        match path:
            case "/api/version":
                return driver.probe().version
            case "/api/chat":
                return driver.chat(TAG, ASK, {}, None).text
        return driver.catalogue()

    standin.fault(path, **{fault: True})
    assert ask()
    standin.fault(path, times=2, **{fault: True})
    with pytest.raises(TransportError):
        ask()


def test_a_late_answer_is_not_asked_for_again(standin, driver, artifact):
    driver.stage(TAG, artifact)
    standin.fault("/api/chat", slow=2)
    hurried = OllamaDriver(standin.url, "", 1, 0.2)
    with pytest.raises(SlowError, match="in time"):
        hurried.chat(TAG, ASK, {}, None)


def test_an_upload_that_is_cut_starts_again(driver, standin, artifact):
    seen = []
    standin.fault("/api/blobs/", method="POST", cut=True)
    standin.fault("/api/blobs/", method="POST", status=500)
    digests = driver.stage(TAG, artifact, lambda done, size: seen.append((done, size)))
    assert seen[-1] == (3 << 20, 3 << 20)
    assert standin.models() == {TAG: digests.manifest}
    again = []
    driver.remove(TAG)
    driver.stage(TAG, artifact, lambda done, size: again.append(done))
    assert again == []  # the server has the blob


def test_an_upload_that_is_always_cut_leaves_nothing(driver, standin, artifact):
    standin.fault("/api/blobs/", times=9, method="POST", cut=True)
    with pytest.raises(TransportError, match="upload"):
        driver.stage(TAG, artifact)
    assert standin.models() == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"system": "Say yes."}, "system '', not 'Say yes.'"),
        ({"template": "{{ .Prompt }} please"}, "not '{{ .Prompt }} please'"),
        ({"parameters": {"num_ctx": 512, "stop": ["</s>"]}}, "not ('num_ctx 512', 'stop \"</s>\"')"),
        ({"parameters": {}}, "parameters ('num_ctx 512',), not ()"),
    ],
)
def test_what_surrounds_the_weights_is_content_too(driver, standin, artifact, change, said):
    driver.stage(TAG, artifact)
    before = standin.models()
    with pytest.raises(RefusedError) as refused:
        driver.stage(TAG, replace(artifact, **change))
    assert said in str(refused.value)
    assert standin.models() == before


def test_a_servers_threads_are_not_the_versions_content(driver, standin, artifact):
    first = driver.stage(TAG, replace(artifact, parameters={"stop": ["a", "b"], "num_ctx": 512}))
    again = replace(artifact, parameters={"num_ctx": 512, "stop": ["a", "b"]})
    assert OllamaDriver(standin.url, "", 2, 30.0).stage(TAG, again) == first


def test_a_full_disk_is_named(driver, standin, artifact):
    standin.fault("/api/create", times=9, status=500, error="write <models>/blobs/x: no space left on device")
    with pytest.raises(TransportError, match="free disk space on that host"):
        driver.stage(TAG, artifact)


def test_an_adapter_is_staged_upon_its_base_up_to_033(artifact, tmp_path):
    adapter = content_of(write_tiny_adapter(tmp_path / "adapter.gguf")).name
    with_adapter = replace(artifact, parameters={}, format="gguf+adapter", adapter=adapter)
    with ollama_standin(tmp_path / "old", "--version", "0.33.0") as standin:
        digests = OllamaDriver(standin.url, "", 1, 30.0).stage(TAG, with_adapter)
        assert standin.models() == {TAG: digests.manifest}
        shown = httpx.post(f"{standin.url}/api/show", json={"model": TAG}).json()["modelfile"]
        assert "\nADAPTER " in shown
        assert standin.lookups() == []
    with ollama_standin(tmp_path / "new", "--version", "0.34.1") as standin:
        with pytest.raises(RefusedError, match="takes no LoRA adapters"):
            OllamaDriver(standin.url, "", 1, 30.0).stage(TAG, with_adapter)
        assert standin.models() == {}


def test_one_model_at_a_time_throws_the_other_out(artifact, tmp_path):
    other = tmp_path / "v2.gguf"
    other.write_bytes(b"GGUF two")
    with ollama_standin(tmp_path / "server", "--max-loaded", "1") as standin:
        driver = OllamaDriver(standin.url, "", 1, 30.0)
        second = driver.stage("two", content_of(other))
        driver.stage(TAG, artifact)
        for tag in (TAG, "two"):
            driver.load(tag)
        assert [model.digest for model in driver.measure().loaded] == [second.manifest]


def test_an_alias_that_leads_elsewhere_is_no_proof(driver, standin, artifact):
    driver.stage(TAG, artifact)
    driver.stage(f"{TAG}b", replace(artifact, parameters={}, system="Another one."))
    assert "is not on the server" in driver.prove("shop", TAG).sentence
    driver.move("shop", f"{TAG}b")
    proof = driver.prove("shop", TAG)
    assert not proof.ok
    assert proof.digest == driver.digest_of(f"{TAG}b")


def test_a_pull_tells_how_far_it_is(driver, standin):
    standin.offer("smollm2:135m", size=5000, steps=5)
    seen = []
    assert driver.pull("smollm2:135m", lambda done, size: seen.append((done, size)))
    # What describes the model comes last: its size is known when it begins, and at the end all of it is there.
    assert seen == [*((done, 5000) for done in range(1000, 5001, 1000)), (5000, 5200), (5200, 5200)]
    assert list(standin.models()) == ["smollm2:135m"]


def test_a_cancelled_pull_leaves_nothing(driver, standin):
    standin.offer("smollm2:135m", size=5000, steps=500, pause=0.01)
    seen = []
    assert not driver.pull("smollm2:135m", lambda done, size: seen.append(done), lambda: len(seen) >= 3)
    assert len(seen) == 3
    assert standin.models() == {}


def test_a_pull_without_a_way_out_says_so(driver):
    with pytest.raises(TransportError, match="no such host"):
        driver.pull("smollm2:135m")


def test_no_name_of_ours_leaves_the_house(driver, standin):
    for refused in ("", TAG):
        with pytest.raises(RefusedError):
            driver.pull(refused)
    for call in (driver.load, driver.unload):
        with pytest.raises(NotThereError):
            call(TAG)
    with pytest.raises(NotThereError):
        driver.chat(TAG, ASK, {}, None)
    with pytest.raises(NotThereError):
        driver.move("shop", TAG)
    assert standin.lookups() == []


def test_the_alias_of_ollama_follows_and_is_read_while_it_moves(standin, tiny_ggufs):
    driver = OllamaDriver(standin.url, "", 1, 30.0)
    tags = ["models.invalid/touchstone/alias:v1", "models.invalid/touchstone/alias:v2"]
    for name, path in zip(tags, tiny_ggufs, strict=True):
        driver.stage(name, content_of(path))
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


def test_no_prompt_is_cut_and_no_model_thinks_aloud(driver, artifact):
    driver.stage(TAG, artifact)
    driver.move("shop", TAG)
    sent = []
    driver.http.event_hooks["request"] = [lambda request: sent.append(request)]
    driver.chat(TAG, ASK, {"num_predict": 8}, None)
    driver.render(TAG, ASK)
    driver.prove("shop", TAG)
    bodies = [json.loads(request.read()) for request in sent if request.url.path == "/api/chat"]
    assert len(bodies) == 4
    for body in bodies:
        assert (body["truncate"], body["think"]) == (False, False)
        assert "shift" not in body


def test_a_refusal_without_counts_is_a_prompt_too_long_as_well():
    text = "the prompt is longer than the context length currently available to the model; shorten the prompt"
    with pytest.raises(PromptTooLongError, match="Shorten the text") as refused:
        refuse("chat", 400, json.dumps({"error": text}))
    assert (refused.value.tokens, refused.value.context) == (None, None)
