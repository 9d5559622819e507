"""What a run with a classification head leaves to be served: exported, proven, and begun anew after a kill."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from common.encoder.language import LanguageReader, LanguageRecord, either
from common.encoder.record import FULL, TOKENIZER, read_record
from deployment.artifacts.heads.compose import ComposeError, compose
from deployment.artifacts.heads.proving import HERE, Answered, prove
from deployment.servers.localserver.head import HeadModel, open_head
from tests.training.engine.folders import TAGS, events_of, make_rows, make_run, start_engine, write_rows
from training.engine.errors import EngineError, Exit
from training.engine.heads.classify import classify_file
from training.engine.heads.serving import LARGEST, require_small
from training.engine.rundir import RunDir
from training.engine.train import train
from training.heads.folder import ENCODER, load, load_proof

pytestmark = [pytest.mark.ml, pytest.mark.timeout(600)]
LABELS = ["login", "billing", "delivery", "never"]
LIMIT = 80


def head_run(folder: Path, base: Path, *, several: bool = True, **options: object) -> RunDir:
    """A run folder with enough validation rows to calibrate by; the longest rows fit into the limit."""
    task = {
        "labels": [{"name": name} for name in LABELS],
        "key": "labels" if several else "label",
        "several": several,
        "limit": len(LABELS),
    }
    chosen = {"objective": "lm_head", "instruction": "Tag it.", "learning_rate": 2e-3, "task": task, **options}
    run = RunDir(make_run(folder, base, max_length=LIMIT, left_out_share=1.0, **chosen))
    write_rows(run.validation, make_rows(60, seed=1))
    return run


def exporting(run: RunDir, times: int) -> subprocess.Popen[bytes]:
    """An engine that works at the export, which was begun so many times before."""
    engine = start_engine(run.path)
    deadline = time.monotonic() + 240
    while sum(event["name"] == "export" for event in events_of(run.path, "phase")) <= times:
        assert engine.poll() is None, run.log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.02)  # between two looks
    return engine


def killed_while_it_exports(run: RunDir) -> None:
    engine = exporting(run, 0)
    time.sleep(1)  # into the midst of it: the export takes ten times as long
    assert not run.complete
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()


def paused_while_it_exports(run: RunDir) -> None:
    engine = exporting(run, 1)
    run.give("pause")
    assert Exit(engine.wait(timeout=240)) is Exit.PAUSED
    assert not run.complete
    assert not run.control.exists()


@pytest.fixture(scope="module")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """One that was killed in its export, resumed, paused there, and resumed."""
    run = head_run(tmp_path_factory.mktemp("served") / "run", tiny_base, max_steps=40, eval_steps=20)
    killed_while_it_exports(run)
    paused_while_it_exports(run)
    assert train(run.path) is Exit.OK
    return run


@pytest.fixture(scope="module")
def model(run: RunDir, tmp_path_factory: pytest.TempPathFactory) -> HeadModel:
    path = tmp_path_factory.mktemp("composed") / "model.onnx"
    told = compose(run.head / ENCODER, run.head, path)
    assert (told["labels"], told["dimension"], told["runs"]) == (3, 128, FULL)
    return open_head(path)


def manifest_of(run: RunDir) -> dict:
    return json.loads(run.manifest.read_text())


def test_a_run_killed_and_paused_in_its_export_leaves_the_whole_folder_once(run: RunDir) -> None:
    assert len({event["step"] for event in events_of(run.path, "step")}) == len(events_of(run.path, "step"))
    assert len(events_of(run.path, "phase")) == 3
    files = manifest_of(run)["files"]
    for name in ("adapter/adapter_model.safetensors", "head/head.npz", "head/head.json", "head/encoder/model.onnx"):
        assert name in files
    assert not list(run.path.glob(".head-*"))
    told = manifest_of(run)["metrics"]["head"]
    assert (told["labels"], told["untaught"], told["language_model"]) == (3, ["never"], True)
    assert "No row has never: such labels are never given." in [
        event["message"] for event in events_of(run.path, "warning")
    ]


def test_the_file_answers_every_question_as_the_model_did(run: RunDir, model: HeadModel) -> None:
    fitted, proof = load(run.head), load_proof(run.head)

    def ask(messages) -> Answered:
        found = model.answer(messages)
        return Answered(found.text, found.probabilities)

    found = prove(fitted.record.answering, proof, ask, tolerance=HERE)
    assert found.ok, found.sentence
    assert found.checked == 60 + 6, "all validation texts and the odd ones that are no white space"
    assert fitted.record.answering.labels == LABELS[:3], "in the order of the task"
    assert not np.allclose(proof.chances[0], proof.chances[1], atol=1e-3)


def test_calibration_turns_no_answer_and_is_measured_on_rows_it_had_not_seen(run: RunDir, model: HeadModel) -> None:
    asked = [row["prompt"] for row in make_rows(60, seed=1)]
    write_rows(run.path / "asked.jsonl", [{"messages": each} for each in asked])
    classify_file(run.path, run.path / "asked.jsonl", run.path / "told.jsonl")
    told = [json.loads(line)["labels"] for line in (run.path / "told.jsonl").read_text().splitlines()]
    given = [json.loads(model.answer(each).text)["labels"] for each in asked]
    assert [sorted(each) for each in given] == [sorted(each) for each in told]
    head = manifest_of(run)["metrics"]["head"]
    assert head["calibration"]["slope"] != 1.0
    assert 0 <= head["calibration_error"] < 0.3
    assert head["uncalibrated"] == ""


def test_questions_are_read_as_training_read_them_and_long_ones_are_told(run: RunDir, model: HeadModel) -> None:
    record = read_record(run.head / ENCODER, either)
    assert isinstance(record, LanguageRecord)
    assert record.limit == LIMIT
    assert record.frame.opening == "<|im_start|>system\nTag it.<|im_end|>\n<|im_start|>user\n"
    assert isinstance(model.reader, LanguageReader)
    other = [{"role": "system", "content": "Something else."}, {"role": "user", "content": "refund my money"}]
    alone = model.answer(other[1:])
    assert model.answer(other) == alone, "the instruction is that of training, whatever is sent"
    assert (alone.is_cut, alone.is_unknown) == (False, False)
    long = model.answer([{"role": "user", "content": "refund my money " * 200}])
    assert (long.is_cut, long.tokens <= LIMIT) == (True, True)
    assert json.loads(alone.text).keys() == {"labels"}
    assert set(alone.probabilities) == set(TAGS)


@pytest.mark.parametrize("harm", ["graph", "tokenizer"])
def test_files_that_were_changed_are_refused(run: RunDir, tmp_path: Path, harm: str) -> None:
    import shutil

    folder = tmp_path / "head"
    shutil.copytree(run.head, folder)
    path = folder / ENCODER / (FULL if harm == "graph" else TOKENIZER)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    with pytest.raises(ComposeError, match="is damaged or another file"):
        compose(folder / ENCODER, folder, tmp_path / "model.onnx")


def test_one_label_a_text_trained_anew_on_all_rows_is_as_sure_as_before_it_saw_them(
    tiny_base: Path, tmp_path: Path
) -> None:
    run = head_run(tmp_path / "run", tiny_base, several=False, max_steps=6, eval_steps=3, refit=True)
    for path in (run.train, run.validation):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in rows:
            (answer,) = row["completion"]
            answer["content"] = json.dumps({"label": json.loads(answer["content"])["labels"][0]})
        write_rows(path, rows)
    assert train(run.path) is Exit.OK
    head = manifest_of(run)["metrics"]["head"]
    assert head["uncalibrated"] == ""
    assert 0 <= head["calibration_error"] < 0.5, "by what the first phase said of rows that it had not seen"
    assert load(run.head).record.exclusive
    proof = load_proof(run.head)
    assert np.allclose(proof.chances.sum(axis=1), 1.0, atol=1e-5)


def test_what_could_not_be_served_is_refused_before_it_trains(tiny_base: Path, tmp_path: Path) -> None:
    import shutil

    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    told = json.loads((base / "tokenizer_config.json").read_text())
    told["chat_template"] = told["chat_template"].replace(
        "message['content']", "(message['content'] | replace('refund', 'money back'))"
    )
    (base / "tokenizer_config.json").write_text(json.dumps(told))
    run = head_run(tmp_path / "run", base)
    with pytest.raises(EngineError, match=r"what it writes depends on the text \(train\.jsonl, row \d+\)") as error:
        train(run.path)
    assert error.value.code is Exit.BAD_CONFIG
    assert not events_of(run.path, "loaded")

    strange = head_run(tmp_path / "strange", tiny_base)
    config = yaml.safe_load(strange.config.read_text())
    config["task"]["labels"] = config["task"]["labels"][1:]
    strange.config.write_text(yaml.safe_dump(config))
    with pytest.raises(EngineError, match="the labels login, which the task does not know"):
        train(strange.path)

    with torch.device("meta"):
        big = LlamaForCausalLM(LlamaConfig(vocab_size=1000, hidden_size=4096, num_hidden_layers=4))
    assert 4 * big.num_parameters() > LARGEST
    with pytest.raises(EngineError, match=r"takes 3\.3 GB in 32 bits.*has 2 GB at most"):
        require_small(big)
