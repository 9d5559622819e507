"""How long a run is by its rows, and its rate over the updates."""

import pytest

from training.engine.config import EngineConfig
from training.engine.recipe import Recipe, recipe_for
from training.engine.schedule import share_of_rate

BASE = {"base_model": {"name": "some/model"}}


def recipe(rows: int, processes: int = 1, **options: object) -> Recipe:
    return recipe_for(EngineConfig.model_validate(BASE | options), rows, processes)


@pytest.mark.parametrize(
    ("rows", "batch", "updates"),
    [(1, 4, 120), (36, 4, 120), (199, 4, 150), (200, 8, 120), (1000, 8, 375), (9999, 8, 600)],
)
def test_few_rows_are_passed_more_often_and_many_less(rows: int, batch: int, updates: int) -> None:
    found = recipe(rows, epochs=3, min_updates=120, max_updates=600)
    assert (found.batch_size, found.updates) == (batch, updates)


def test_epochs_steps_and_batches_are_taken_as_they_are_given() -> None:
    assert recipe(33, epochs=2, batch_size=8).updates == 10
    assert recipe(33, epochs=2, batch_size=4, gradient_accumulation=2).updates == 10
    assert recipe(33, epochs=2, batch_size=4, processes=2).updates == 10
    assert recipe(33, max_steps=7) == Recipe(4, 1, 7, 1)
    assert recipe(1000).updates == 375


@pytest.mark.parametrize("scheduler", ["cosine", "linear", "constant", "constant_with_warmup"])
def test_no_update_has_the_rate_zero(scheduler: str) -> None:
    for updates in (1, 2, 3, 60):
        found = recipe(36, max_steps=updates, scheduler=scheduler)
        rates = [share_of_rate(scheduler, update, found) for update in range(updates)]
        assert min(rates) > 0
        assert max(rates) == 1.0
        assert rates[: found.warmup + 1] == sorted(rates[: found.warmup + 1])


def test_the_warm_up_is_a_share_of_the_updates_and_leaves_one_at_the_full_rate() -> None:
    assert recipe(36, max_steps=100).warmup == 5
    assert recipe(36, max_steps=1).warmup == 0
    assert recipe(36, max_steps=2, warmup_ratio=0.5).warmup == 1
    assert recipe(36, max_steps=100, scheduler="constant").warmup == 0
