"""The loss on the answers' logits alone equals TRL's own."""

from pathlib import Path

import pytest

from tests.training.engine.folders import events_of, make_run, step_losses
from training.engine.errors import Exit
from training.engine.train import train

pytestmark = pytest.mark.ml


def test_equal_losses_and_gradients_with_and_without(tiny_base: Path, tmp_path: Path) -> None:
    runs = []
    for kept in (True, False):
        # Rows of unequal length, and the steps of two batches, so that padding and the token count matter.
        run = make_run(
            tmp_path / str(kept),
            tiny_base,
            max_steps=4,
            eval_steps=2,
            answer_logits=kept,
            gradient_accumulation=2,
        )
        assert train(run) is Exit.OK
        runs.append(run)
    mine, plain = runs
    assert step_losses(mine) == pytest.approx(step_losses(plain), rel=1e-4)
    for kind, key in (("step", "grad_norm"), ("evaluation", "eval_loss"), ("step", "token_accuracy")):
        ours = [event[key] for event in events_of(mine, kind)]
        assert ours == pytest.approx([event[key] for event in events_of(plain, kind)], rel=1e-3)


def test_only_the_needed_columns_are_asked_for(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.engine.answer_loss import AnswerLossTrainer

    seen = []
    original = AnswerLossTrainer._answer_positions

    def spy(self: AnswerLossTrainer, labels: object) -> object:
        positions = original(self, labels)  # type: ignore[arg-type]
        seen.append((positions, labels))
        return positions

    monkeypatch.setattr(AnswerLossTrainer, "_answer_positions", spy)
    train(make_run(tmp_path, tiny_base, max_steps=1))
    positions, labels = seen[0]
    assert positions is not None
    assert 0 < len(positions) <= labels.shape[1] // 2  # type: ignore[attr-defined]
