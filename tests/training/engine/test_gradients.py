"""Whatever way a batch is computed, its loss and its gradient are those of TRL's bare trainer."""

from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase
from trl.trainer.sft_trainer import SFTTrainer

from tests.training.engine.architectures import FLAT, PADDED, make
from tests.training.engine.folders import make_rows
from tests.training.engine.gradients import Gradients, difference, gradients, trainer_of
from training.engine.answer_loss import ANSWERS_STEP, AnswerLossTrainer
from training.engine.batches import attention, blocks
from training.engine.batches.blocks import rounded_up
from training.engine.batches.layout import Layout, choose_layout
from training.engine.config import BaseModelConfig
from training.engine.data import IGNORED, Encoded, encode
from training.engine.models import load_tokenizer

pytestmark = pytest.mark.ml

EXACT = 1e-5


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> PreTrainedTokenizerBase:
    return load_tokenizer(BaseModelConfig(name=str(tiny_base)))


@pytest.fixture(scope="module")
def rows(tokenizer: PreTrainedTokenizerBase) -> list[Encoded]:
    """Rows of one task, of mixed lengths, one of them with an answer longer than its prompt."""
    wanted = make_rows(6)
    wanted[1]["prompt"][1]["content"] *= 3
    wanted[4]["completion"][0]["content"] *= 8
    encoded = [encode(tokenizer, row["prompt"], row["completion"]) for row in wanted]
    assert len({len(row["input_ids"]) for row in encoded}) > 3
    return encoded


@pytest.fixture(scope="module")
def theirs(
    tokenizer: PreTrainedTokenizerBase, rows: list[Encoded], tmp_path_factory: pytest.TempPathFactory
) -> tuple[float, Gradients]:
    """TRL's, on a tiny Llama."""
    return bare(tmp_path_factory.mktemp("trl"), "llama", {}, tokenizer, rows)


def bare(
    folder: Path, name: str, options: dict[str, object], tokenizer: PreTrainedTokenizerBase, rows: list[Encoded]
) -> tuple[float, Gradients]:
    model = make(name, options)
    model.set_attn_implementation("eager")
    return gradients(trainer_of(SFTTrainer, folder, model, tokenizer, rows))


def ours(
    folder: Path, name: str, options: dict[str, object], tokenizer: PreTrainedTokenizerBase, rows: list[Encoded]
) -> tuple[bool, tuple[float, Gradients]]:
    model = make(name, options)
    layout = choose_layout(model, max(len(row["input_ids"]) for row in rows))
    trainer = trainer_of(AnswerLossTrainer, folder, model, tokenizer, rows, layout=layout)
    return layout.flat, gradients(trainer)


def assert_equal(mine: tuple[float, Gradients], theirs: tuple[float, Gradients]) -> None:
    assert mine[0] == pytest.approx(theirs[0], rel=1e-5)
    assert difference(mine[1], theirs[1]) < EXACT


@pytest.fixture(params=["kept", "again", "long", "alone", "sdpa"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways over a flat row: weights kept or made again, rows longer than a piece, no prefix, torch's kernels."""
    match request.param:
        case "again":
            monkeypatch.setattr(attention, "KEPT_SCORES", 0)
        case "long":
            monkeypatch.setattr(blocks, "QUERIES", 7)
        case "alone":
            monkeypatch.setattr("training.engine.batches.collate.common_prefix", lambda ids, most: 0)
        case "sdpa":
            monkeypatch.setattr(
                attention._Flat,
                "apply",
                lambda q, k, v, blocks, scale, dtype: attention.by_sdpa(q[None], k[None], v[None], blocks, scale)[0],
            )
    return str(request.param)


def test_flat_rows(
    way: str,
    tokenizer: PreTrainedTokenizerBase,
    rows: list[Encoded],
    theirs: tuple[float, Gradients],
    tmp_path: Path,
) -> None:
    flat, mine = ours(tmp_path, "llama", {}, tokenizer, rows)
    assert flat
    assert_equal(mine, theirs)


@pytest.mark.parametrize("kernel", ["eager", "sdpa"])
def test_padded_rows(
    kernel: str,
    tokenizer: PreTrainedTokenizerBase,
    rows: list[Encoded],
    theirs: tuple[float, Gradients],
    tmp_path: Path,
) -> None:
    model = make("llama", {})
    model.set_attn_implementation(kernel)
    layout = Layout(kernel, "the test says so")
    assert_equal(gradients(trainer_of(AnswerLossTrainer, tmp_path, model, tokenizer, rows, layout=layout)), theirs)


@pytest.mark.parametrize("flat", [True, False])
def test_the_output_layer_sees_the_answers_only(
    flat: bool, tokenizer: PreTrainedTokenizerBase, rows: list[Encoded], tmp_path: Path
) -> None:
    answers = sum(label != IGNORED for row in rows for label in row["labels"])
    model, seen = make("llama", {}), []
    layout = choose_layout(model, 100) if flat else Layout("sdpa", "the test says so")
    trainer = trainer_of(AnswerLossTrainer, tmp_path, model, tokenizer, rows, layout=layout)
    model.get_output_embeddings().register_forward_hook(lambda head, given, made: seen.append(tuple(made.shape)))
    gradients(trainer)
    assert seen == [(rounded_up(answers, ANSWERS_STEP), 400)]


@pytest.mark.parametrize("name", FLAT)
def test_architectures_that_take_flat_rows(
    name: str, tokenizer: PreTrainedTokenizerBase, rows: list[Encoded], tmp_path: Path
) -> None:
    flat, mine = ours(tmp_path / "ours", name, FLAT[name], tokenizer, rows)
    assert flat
    assert_equal(mine, bare(tmp_path / "bare", name, FLAT[name], tokenizer, rows))


@pytest.mark.parametrize("name", ["gemma2", "mistral"])
def test_architectures_that_do_not(
    name: str, tokenizer: PreTrainedTokenizerBase, rows: list[Encoded], tmp_path: Path
) -> None:
    """Soft caps, windows shorter than a row: rows are padded, and the gradient is right."""
    flat, mine = ours(tmp_path / "ours", name, PADDED[name], tokenizer, rows)
    assert not flat
    assert_equal(mine, bare(tmp_path / "bare", name, PADDED[name], tokenizer, rows))


def test_a_model_without_attention_takes_no_flat_rows() -> None:
    assert "does not take flat rows" in str(choose_layout(make("mamba", PADDED["mamba"]), 100).refused)


def test_a_row_that_sees_others_gives_itself_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """An architecture that passes on no blocks would let each row see all that lie before it."""
    causal = attention.flat_attention
    monkeypatch.setattr(
        attention,
        "flat_attention",
        lambda module, q, k, v, mask, blocks=None, **rest: causal(module, q, k, v, None, **rest),
    )
    layout = choose_layout(make("llama", {}), 100)
    assert not layout.flat
    assert "otherwise" in str(layout.refused)


def test_dropout_in_attention_is_left_to_the_model() -> None:
    layout = choose_layout(make("llama", PADDED["llama"]), 100)
    assert layout.refused == "the model has dropout in its attention"
    assert layout.attention == "eager"


def test_long_padded_rows_are_not_squared_by_eager_attention() -> None:
    assert choose_layout(make("mistral", {"sliding_window": 16}), 5000).attention == "sdpa"
