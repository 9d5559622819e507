"""What `config.yaml` may say."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from training.engine.config import EngineConfig, load_config
from training.engine.errors import EngineError, Exit

BASE = {"base_model": {"name": "some/model"}}


@pytest.mark.parametrize(
    "extra",
    [
        {"lerning_rate": 1e-3},
        {"lora": {"rank": 8}},
        {"base_model": {"name": "x", "branch": "main"}},
        {"method": "full"},
        {"objective": "dpo"},
        {"instruction": "Tag it."},
        {"objective": "lm_head", "seeds": 2},
        {"dtype": "int4"},
        {"batch_size": 0},
        {"base_model": {"name": "x", "trust_remote_code": True}},
        {"epochs": 1e308},
        {"epochs": float("inf")},
        {"learning_rate": 1e30, "max_steps": 2},
        {"learning_rate": float("nan")},
        {"max_steps": 10**30},
        {"batch_size": 10**12},
    ],
)
def test_unknown_keys_and_bad_values_are_refused(extra: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EngineConfig.model_validate(BASE | extra)


def test_steps_and_epochs_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="not both"):
        EngineConfig.model_validate(BASE | {"max_steps": 3, "epochs": 1})
    assert EngineConfig.model_validate(BASE).epochs == 3
    assert EngineConfig.model_validate(BASE | {"max_steps": 3}).epochs is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_steps": 3, "min_updates": 2}, "min_updates has no effect beside max_steps"),
        ({"max_steps": 3, "max_updates": 2}, "max_updates has no effect beside max_steps"),
        ({"min_updates": 3, "max_updates": 2}, "min_updates is above max_updates"),
        ({"scheduler": "constant", "warmup_ratio": 0.1}, "no effect with the scheduler constant"),
        ({"scheduler": "constant_with_warmup", "warmup_ratio": 0}, "no effect without a warmup_ratio"),
        ({"lora": {"target_modules": []}}, "at least 1"),
    ],
)
def test_an_option_without_effect_is_an_error(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        EngineConfig.model_validate(BASE | options)


def test_the_warm_up_follows_the_scheduler() -> None:
    assert EngineConfig.model_validate(BASE).warmup_ratio == 0.05
    constant = EngineConfig.model_validate(BASE | {"scheduler": "constant"})
    assert constant.warmup_ratio == 0
    assert EngineConfig.model_validate(constant.model_dump(mode="json")) == constant


def test_rows_are_answered_where_the_figure_judges() -> None:
    assert EngineConfig.model_validate(BASE).answer_rows == 100
    by_loss = EngineConfig.model_validate(BASE | {"best_by": "loss"})
    assert by_loss.answer_rows is None
    assert EngineConfig.model_validate(by_loss.model_dump(mode="json")) == by_loss
    with pytest.raises(ValidationError, match="answer_rows has no effect with best_by loss"):
        EngineConfig.model_validate(BASE | {"best_by": "loss", "answer_rows": 50})


def test_an_unknown_key_is_answered_with_the_nearest_right_one(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(BASE | {"lerning_rate": 1e-3, "lora": {"alhpa": 3}}), encoding="utf-8")
    with pytest.raises(EngineError) as caught:
        load_config(path)
    assert "lerning_rate: There is no such option. Did you mean learning_rate?" in str(caught.value)
    assert "lora.alhpa: There is no such option. Did you mean alpha?" in str(caught.value)


def test_the_resolved_config_reads_back_equal() -> None:
    config = EngineConfig.model_validate(BASE)
    assert EngineConfig.model_validate(config.model_dump(mode="json")) == config


def test_a_bad_file_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    for text in (yaml.safe_dump(BASE | {"nonsense": 1}), "a: [", "- 1\n", "[" * 5_000):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EngineError) as caught:
            load_config(path)
        assert caught.value.code is Exit.BAD_CONFIG
    with pytest.raises(EngineError) as caught:
        load_config(tmp_path / "missing.yaml")
    assert caught.value.code is Exit.BAD_CONFIG
