"""The benchmark of recipes: draws that repeat and never meet the test cases, cells that are kept, the table of them."""

import csv
import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.recipes import cells, measure, sets, table
from benchmarks.recipes.cells import Cell
from benchmarks.recipes.entry import add_options
from benchmarks.recipes.methods import METHODS, Method, Outcome, Simple, Trained
from benchmarks.recipes.sets import SETS, sized
from common.options import OptionsError
from evaluation.scorers import Scored
from labeling.splits import group_key
from training.engine.finetuning.config import FinetuneConfig

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]


def options(*words: str) -> Namespace:
    parser = ArgumentParser()
    add_options(parser)
    return parser.parse_args([*words, "--base", "nowhere"])


class Counted(Method):
    """Answers every case rightly, and counts how often it was asked to."""

    is_trained = True

    def __init__(self) -> None:
        self.runs, self.rate = 0, 0.1

    def recipe(self, base: Path, options: Any, draw: int) -> dict[str, Any]:
        return {"rate": self.rate, "said": list(options), "seed": draw}

    def run(self, drawn: Any, recipe: Any) -> Outcome:
        self.runs += 1
        return Outcome([Scored(answer, answer) for _, answer in drawn.cases], 2.0, 1.0)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counted:
    method = Counted()
    monkeypatch.setattr(measure, "var_dir", lambda: tmp_path)
    monkeypatch.setitem(METHODS, "sft", method)
    for name in set(METHODS) - {"sft", "constant"}:
        monkeypatch.delitem(METHODS, name)
    return method


@pytest.fixture
def banking(tmp_path: Path) -> Path:
    """Eight questions for each of three intents; one of the test file's is in the training file, too."""
    folder, labels = tmp_path / "banking77", ["card", "cash", "transfer"]
    folder.mkdir()
    (folder / "categories.json").write_text(json.dumps(labels))
    for name, first in (("train", "q"), ("test", "t")):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["text", "category"])
            rows.writerows(
                [f"{first} {label} {chr(97 + number) * 3}", label] for label in labels for number in range(8)
            )
            rows.writerow(["the same in both", "card"])
    return tmp_path


def texts(rows: Any) -> set[str]:
    return {text for text, _ in rows}


def test_fifty_golden_samples_of_the_messages_are_those_of_the_demos_first_run() -> None:
    data = SETS["support_tags"]
    one, again, other = (data.draw(Path(), 50, number, hold_out="test") for number in (1, 1, 2))
    assert one == again
    assert len(one.train) + len(one.validation) == 50
    assert 34 <= len(one.train) <= 46
    assert len(one.cases) == 171
    assert one.cases == other.cases
    assert texts(one.train) != texts(other.train)


@pytest.mark.parametrize("rows", SETS["support_tags"].sizes)
def test_held_out_messages_are_neither_golden_nor_test_cases(rows: int) -> None:
    data = SETS["support_tags"]
    trial, judged = (data.draw(Path(), rows, 1, hold_out=hold_out) for hold_out in ("validation", "test"))
    groups = [{group_key(text) for text in texts(each)} for each in (trial.cases, trial.train + trial.validation)]
    assert not groups[0] & groups[1]
    assert not texts(trial.cases) & texts(judged.cases)
    assert len(trial.cases) >= 80
    assert texts(trial.train) != texts(judged.train)


def test_labels_are_drawn_evenly_and_no_case_is_learnt(banking: Path) -> None:
    drawn = SETS["banking77"].draw(banking, 11, 1, hold_out="test")
    golden = drawn.train + drawn.validation
    assert sorted(Counter(answer["label"] for _, answer in golden).values()) == [3, 4, 4]
    assert Counter(answer["label"] for _, answer in drawn.cases) == dict.fromkeys(["card", "cash", "transfer"], 5)
    assert not texts(golden) & texts(drawn.cases)
    with pytest.raises(ValueError, match="rows to draw 300"):
        SETS["banking77"].draw(banking, 300, 1, hold_out="test")


def test_comments_are_read_with_their_quotes_and_their_emotions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "CASES_OF_COMMENTS", 2)
    folder = tmp_path / "goemotions"
    folder.mkdir()
    (folder / "labels.txt").write_text("joy\nanger\nneutral\n")
    lines = [f"comment {number} of them\t{number % 3}\tid{number}" for number in range(20)]
    (folder / "train.tsv").write_text(
        "\n".join([*lines, '"He said ""no"" twice"\t0,1\tx', "kept for the test\t2\ty"]) + "\n"
    )
    (folder / "test.tsv").write_text("kept for the test\t2\ta\nanother case here\t1\tb\n")
    drawn = SETS["goemotions"].draw(tmp_path, 21, 1, hold_out="test")
    golden = dict(drawn.train + drawn.validation)
    assert golden['He said "no" twice'] == {"labels": ["joy", "anger"]}
    assert len(golden) == 21
    assert "kept for the test" not in golden
    assert sorted(text for text, _ in drawn.cases) == ["another case here", "kept for the test"]


def test_the_encoder_is_trained_by_its_defaults_and_takes_its_own_options_alone() -> None:
    encoder = METHODS["encoder"]
    config = encoder.recipe(Path("nowhere"), [], 4)["config"]
    usual = {name: each.default for name, each in FinetuneConfig.model_fields.items()}
    assert (config["seed"], config["threads"], "task" in config) == (4, 1, False)
    assert {name: config[name] for name in ("epochs", "learning_rate", "balance")} == {
        name: usual[name] for name in ("epochs", "learning_rate", "balance")
    }
    with pytest.raises(OptionsError, match="lora"):
        encoder.recipe(Path("nowhere"), ["lora.r=4"], 1)


def test_a_set_is_named_with_its_size_or_stands_for_all_of_them() -> None:
    assert [each.rows for each in sized("banking77")] == [300, 600]
    assert sized("support_tags:50") == [("support_tags", 50)]
    with pytest.raises(ValueError, match="There is no set 'support_tags:51'; there are support_tags:50, "):
        sized("support_tags:51")


def test_the_recipe_is_the_shipped_one_with_its_draw_as_seed() -> None:
    recipe = Trained().recipe(Path("nowhere"), ["lora.r=32", "max_steps=7"], 3)
    assert recipe["config"]["seed"] == 3
    assert recipe["config"]["lora"] == {**recipe["config"]["lora"], "r": 32, "alpha": 32}
    assert (recipe["config"]["max_steps"], recipe["config"]["epochs"]) == (7, None)
    with pytest.raises(OptionsError):
        Trained().recipe(Path("nowhere"), ["learning_rat=1"], 1)


def test_a_second_call_goes_on_where_the_first_stopped(counted: Counted) -> None:
    words = ["--sets", "support_tags:50", "--methods", "sft"]
    measure.measure(options(*words, "--draws", "2"))
    assert counted.runs == 2
    result = measure.measure(options(*words, "--draws", "3"))
    assert counted.runs == 3
    assert result.top["support_tags"]["50"]["sft"] == {"mean": 1.0, "sd": 0.0, "cpu_s": 2.0}
    measure.measure(options(*words, "--draws", "1", "--again"))
    assert counted.runs == 4


def test_another_recipe_or_other_code_is_measured_again_unless_the_old_is_taken(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--sets", "support_tags:50", "--methods", "sft", "--draws", "1"]
    measure.measure(options(*words))
    counted.rate = 0.2
    assert measure.measure(options(*words, "--keep-old")).top["old_cells"] == 1
    assert counted.runs == 1
    assert measure.measure(options(*words)).top["old_cells"] == 0
    assert counted.runs == 2
    monkeypatch.setattr(cells, "code_digest", lambda places: "other code")
    measure.measure(options(*words))
    assert counted.runs == 3


def test_trials_lie_apart_and_the_table_keeps_what_was_not_asked_for(counted: Counted) -> None:
    measure.measure(options("--sets", "support_tags:50", "--methods", "sft", "--draws", "1"))
    trial = ["--hold-out", "validation", "--set", "rate=3"]
    found = measure.measure(options("--sets", "support_tags:200", "--draws", "1", *trial))
    assert found.name == "recipes-validation"
    assert list(found.top["support_tags"]) == ["200"]
    both = measure.measure(options("--sets", "support_tags:200", "--draws", "1", "--methods", "constant"))
    assert both.name == ""
    assert {rows: list(found) for rows, found in both.top["support_tags"].items()} == {
        "50": ["sft"],
        "200": ["constant"],
    }


def test_a_cell_that_was_cut_off_or_is_anothers_is_none(tmp_path: Path) -> None:
    cell = Cell("support_tags", 50, "sft", 1, "test")
    cells.keep(tmp_path, cell, {"figure": 0.5})
    assert (cells.read(tmp_path, cell) or {})["figure"] == 0.5
    (tmp_path / f"{cell.name}.json").write_text('{"set": "banking77", "figure": 1')
    assert cells.read(tmp_path, cell) is None
    (tmp_path / f"{cell.name}.json").write_text('{"set": "banking77", "figure": 1}')
    assert cells.read(tmp_path, cell) is None


def records(*figures: float, method: str = "sft", draw: int = 1) -> list[dict[str, Any]]:
    same = {"set": "support_tags", "rows": 50, "method": method, "cpu_s": 60.0, "answering_s": 9.0}
    return [
        {**same, "figure": figure, "draw": draw and at, "interval": [0.3, 0.5]} for at, figure in enumerate(figures, 1)
    ]


def test_the_table_has_means_with_their_interval_by_students_t() -> None:
    row = table.rows_of(records(0.42, 0.44, 0.45, 0.43, 0.46), 5)["support_tags", 50, "sft"]
    assert (row["mean"], row["sd"], row["draws"], row["cpu_s"]) == (0.44, 0.0158, 5, 60.0)
    assert (row["low"], row["high"]) == (0.4204, 0.4596)  # 2.776 standard errors
    assert row["holds"] == "yes"


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        ((0.42, 0.42, 0.42, 0.42, 0.42), 1),
        ((0.40, 0.50, 0.45, 0.45, 0.45), 1),
        ((0.44, 0.44, 0.44, 0.44, 0.44), 0),
        ((0.10, 0.10, 0.10, 0.10), 0),
    ],
)
def test_a_figure_that_must_be_is_missed_only_where_all_draws_are_there(figures: Any, missed: int) -> None:
    assert table.wrong(table.rows_of(records(*figures), 5)) == missed


def test_what_is_answered_once_has_the_interval_of_its_cases() -> None:
    row = table.rows_of(records(0.4, method="bare", draw=0), 5)["support_tags", 50, "bare"]
    assert (row["sd"], row["low"], row["high"]) == (0.0, 0.3, 0.5)


def test_the_simple_methods_are_those_of_the_comparison_page() -> None:
    from evaluation.scorers import SCORERS

    simple = {method.name for method in METHODS.values() if isinstance(method, Simple)}
    assert simple == set(SCORERS["multi_label"].baselines) == set(SCORERS["single_label"].baselines)


def test_the_code_that_a_figure_hangs_on_is_there() -> None:
    for method in METHODS.values():
        assert all((ROOT / place).exists() for place in method.code)
