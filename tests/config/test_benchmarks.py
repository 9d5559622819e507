"""The one door to the benchmarks: every folder can be run by name, says what it misses, and leaves the same record."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.report import Result, keep, table

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.name for path in (ROOT / "benchmarks").iterdir() if path.is_dir() and path.name != "__pycache__")


def door(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True)


def test_without_a_name_every_folder_is_listed() -> None:
    done = door()
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_folder_has_an_entry_a_measurement_and_a_readme(name: str) -> None:
    entry = import_module(f"benchmarks.{name}.entry")
    assert entry.__doc__
    assert callable(entry.add_options)
    assert callable(entry.prepare)
    assert {"measure.py", "README.md"} <= {path.name for path in (ROOT / "benchmarks" / name).iterdir()}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["swop"], "There is no benchmark 'swop'; there are datasets, "),
        (["datasets"], "train.tsv and labels.txt of goemotions"),
        (["datasets", "banking77", "tests"], "train.csv and categories.json of banking77"),
        (["labels", "nowhere"], 'make bench NAME=labels ARGS="FOLDER"'),
        (["localserver", "--gguf", "one.gguf"], "Give two GGUF files"),
        (["training", "nowhere"], "There is no nowhere/banking77/train.csv"),
        (["recipes", "nowhere"], "There is no nowhere/banking77/train.csv"),
        (["recipes", "--sets", "support_tags:51"], "There is no set 'support_tags:51'"),
        (["recipes", "--sets", "support_tags", "--set", "lora.r=8"], "Give --hold-out validation with --set"),
        (["recipes", "--sets", "support_tags", "--base", "nowhere"], "There is no base model in nowhere"),
        (["gpu"], "needs a CUDA GPU"),
        (["web", "--url", "http://127.0.0.1:1"], "Give --password"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence_before_anything_starts(words: list[str], said: str) -> None:
    done = door(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_record_says_what_was_measured_where_and_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = Result({"predict API": {"requests": 40, "p50 ms": 12.345, "p99 ms": float("nan")}})
    assert keep("swap", ["--moves", "4"], tmp_path, lambda: result) == 0
    record = json.loads((tmp_path / "swap.json").read_text())
    assert record["figures"] == {"predict API": {"requests": 40, "p50 ms": 12.345, "p99 ms": None}}
    assert record["command"] == "make bench NAME=swap 'ARGS=--moves 4'"
    assert set(record) >= {"name", "commit", "began", "seconds", "wrong"}
    assert set(record["machine"]) == {"cpu", "cores", "memory"}
    assert all(record["machine"].values())
    assert set(record["load"]) == {"before", "after"}
    assert [path.name for path in tmp_path.iterdir()] == ["swap.json"]
    assert str(tmp_path / "swap.json") in capsys.readouterr().out


def test_what_must_not_happen_fails_the_run_and_is_kept(tmp_path: Path) -> None:
    assert keep("swap", [], tmp_path, lambda: Result({"predict API": {"failed": 2}}, wrong=2)) == 1
    assert json.loads((tmp_path / "swap.json").read_text())["wrong"] == 2


def test_what_others_read_stands_at_the_top_of_the_record(tmp_path: Path) -> None:
    keep("training", [], tmp_path, lambda: Result({"gsm8k: the engine": {"s a step": 2.5}}, top={"gsm8k": 3.1}))
    assert json.loads((tmp_path / "training.json").read_text())["gsm8k"] == 3.1


def test_a_table_has_the_longer_side_as_lines() -> None:
    assert table({"a": {"x": 1}, "b": {"x": 250.4, "y": "well"}}).splitlines() == [
        "|   | x   | y    |",
        "|---|-----|------|",
        "| a | 1   | -    |",
        "| b | 250 | well |",
    ]
    assert table({"a": {"x": 1, "y": 0.123456}}).splitlines()[2:] == ["| x | 1     |", "| y | 0.123 |"]
