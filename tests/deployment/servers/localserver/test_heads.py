"""A head on the real local server: a child of onnxruntime beside those of llama.cpp, asked in the same way."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from deployment.artifacts.heads.compose import compose
from deployment.servers.localserver.head import HeadFileError, open_head
from tests.deployment.servers.localserver.conftest import body_for, content, front_on
from tests.encoders import make_encoder
from tests.training.heads.folders import TELLING, VOCABULARY, make_folder, some_rows
from training.heads.fitting import fit_run

LABELS = dict.fromkeys(sorted(TELLING), "")


def make_file(folder: Path, *, several: bool) -> Path:
    encoder = make_encoder(folder / "encoder", VOCABULARY)
    rows = some_rows(80, 1, several=several), some_rows(20, 2, several=several)
    run = make_folder(folder / "run", encoder, *rows, LABELS, several=several)
    fit_run(run.path)
    compose(encoder, run.head, folder / "model.onnx")
    return folder / "model.onnx"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_file(tmp_path_factory.mktemp("head"), several=True)


def create(front, file: Path, **more) -> str:
    tag = f"models.invalid/touchstone/head-{time.monotonic_ns()}:v1"
    front.post("/models", 201, **{**body_for(file, tag), "format": "onnx", **more})
    return tag


@pytest.mark.parametrize("several", [True, False], ids=["several labels", "one label"])
def test_the_answer_is_the_kinds_own_with_each_labels_probability(front, several, tmp_path):
    file = make_file(tmp_path, several=several)
    tag, model = create(front, file), open_head(file)
    answer = front.ask(tag, "where is my parcel please")
    assert json.loads(content(answer)) == ({"labels": ["delivery"]} if several else {"label": "delivery"})
    head = answer["head"]
    assert set(head["probabilities"]) == set(TELLING)
    assert max(head["probabilities"], key=head["probabilities"].get) == "delivery"
    assert 0 < head["confidence"] <= 1
    assert (head["cut"], head["unknown"], head["limit"]) == (False, False, 16)
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["prompt_tokens"] == 7
    here = model.answer([{"role": "user", "content": "where is my parcel please"}])
    assert here.confidence == pytest.approx(head["confidence"], abs=1e-6)


def test_the_instruction_is_not_read_and_long_or_foreign_texts_are_told(front, file):
    tag = create(front, file)
    text = {"role": "user", "content": "thanks dear team"}
    asked = {"messages": [{"role": "system", "content": "refund refund"}, text]}
    assert front.ask(tag, **asked)["head"] == front.ask(tag, "thanks dear team")["head"]
    assert front.ask(tag, "refund " * 5000)["head"]["cut"]
    for odd in ("Где моя посылка", "我的包裹在哪里", "👍🏽", "\x00 \ud83d"[:2]):
        assert front.ask(tag, odd)["head"]["unknown"] or odd.isascii()
    assert content(front.ask(tag, ""))
    assert front.post("/apply-template", model=tag, **asked)["prompt"] == "thanks dear team"
    assert len(front.post("/tokenize", model=tag, content="thanks dear team")["tokens"]) == 5


def test_many_ask_at_once_beside_a_language_model(front, file, tiny_ggufs):
    head, language = create(front, file, slots=4), front.create(tiny_ggufs[0])
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(front.ask, head, "where is my refund") for _ in range(30)]
        beside = [pool.submit(front.ask, language, f"Text {number}", max_tokens=3) for number in range(4)]
        told = {content(each.result()) for each in asked}
        assert all(each.result()["choices"] for each in beside)
    assert len(told) == 1
    row = front.row(head)
    assert (row["loaded"], row["format"], row["family"], row["in_flight"]) == (True, "onnx", "encoder with head", 0)
    assert row["memory"] > row["size"]


def test_a_child_that_is_killed_comes_back_and_an_unload_ends_it(front, file):
    before = {process.pid for process in front.children()}
    tag = create(front, file)
    front.post("/models/load", tag=tag)
    (pid,) = {process.pid for process in front.children()} - before
    os.kill(pid, signal.SIGINT)  # as Ctrl-C in the front's terminal
    time.sleep(0.5)  # longer than it takes to end
    assert content(front.ask(tag, "refund"))
    assert pid in {process.pid for process in front.children()}
    os.kill(pid, signal.SIGKILL)
    assert content(front.ask(tag, "refund"))
    front.post("/models/unload", tag=tag)
    assert {process.pid for process in front.children()} == before
    assert not psutil.pid_exists(pid)


def test_what_is_no_head_cannot_be_loaded_and_says_why(front, file, tmp_path, tiny_ggufs):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(file.read_bytes()[:-2000])
    for path, why in ((broken, "broken.onnx"), (tiny_ggufs[0], "v1.gguf")):
        with pytest.raises(HeadFileError, match=why):
            open_head(path)
        tag = create(front, path)
        error = front.post("/models/load", 503, tag=tag)["error"]
        assert error["type"] == "model_broken"
        assert why in error["message"]
    bare = file.parent / "encoder" / "model.onnx"
    with pytest.raises(HeadFileError, match=r"is an ONNX file, but no head: it lacks 'touchstone\.head'"):
        open_head(bare)
    front.post("/models", 400, **body_for(file, "models.invalid/touchstone/x:v1"), format="pickle")


def test_the_registry_keeps_what_runs_a_file(file, tmp_path):
    folder = tmp_path / "state"
    with front_on(folder) as front:
        tag = create(front, file)
    rows = json.loads((folder / "models.json").read_text())
    assert [row["format"] for row in rows] == ["onnx"]
    with front_on(folder) as front:
        assert content(front.ask(tag, "thanks"))
