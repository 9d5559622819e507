"""Layers that an adapter is to be put on must be there: any other name would be without effect."""

import pytest

from training.engine.errors import EngineError, Exit
from training.engine.targets import require_targets

MODULES = ["", "model", "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj", "lm_head"]


def test_names_that_the_model_has() -> None:
    require_targets(["q_proj", "lm_head", "self_attn.k_proj"], MODULES)
    require_targets("all-linear", MODULES)


@pytest.mark.parametrize(
    ("target", "hint"), [("k_projj", "Did you mean k_proj"), ("zzz", "There are k_proj, lm_head"), ("proj", "no proj")]
)
def test_a_name_that_it_does_not_have_is_refused(target: str, hint: str) -> None:
    with pytest.raises(EngineError, match=hint) as caught:
        require_targets(["q_proj", target], MODULES)
    assert caught.value.code is Exit.BAD_CONFIG
