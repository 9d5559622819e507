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
        {"dtype": "int4"},
        {"batch_size": 0},
        {"base_model": {"name": "x", "trust_remote_code": True}},
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
