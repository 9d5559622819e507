"""The engine's trainer on the same rows, and the floor below it: `python -m benchmarks.training.ours`, as `bare.py`."""

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import linear

from benchmarks.training.bare import Meter
from training.engine.callbacks import RunCallback
from training.engine.config import EngineConfig
from training.engine.data import IGNORED, encode_file
from training.engine.events import EventLog
from training.engine.models import load_for_training, load_tokenizer
from training.engine.recipe import recipe_for
from training.engine.rundir import RunDir
from training.engine.rungs import Rung
from training.engine.sft import Work, build_trainer
from training.engine.stopping import Stop

REPEATS = 5


def main() -> None:
    """Train, time the floor, and say what both cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("rows", type=Path)
    parser.add_argument("batch", type=int)
    parser.add_argument("steps", type=int)
    parser.add_argument("--cuda", action="store_true")
    options = parser.parse_args()
    if not options.cuda:
        torch.set_num_threads(1)
    config = EngineConfig.model_validate(
        {
            "base_model": {"name": options.base},
            "method": "qlora" if options.cuda else "lora",
            "batch_size": options.batch,
            "max_steps": options.steps,
            "save_steps": options.steps + 1,
        }
    )
    meter = Meter(options.cuda)
    with tempfile.TemporaryDirectory() as folder:
        trainer = trainer_of(RunDir(Path(folder)), config, options.rows)
        trainer.add_callback(meter)
        trainer.train()
        found = {**meter.found(), "floor": floor(trainer, meter)}
    print(json.dumps(found), flush=True)


def trainer_of(run: RunDir, config: EngineConfig, rows: Path) -> Any:
    """The trainer as a run makes it."""
    tokenizer = load_tokenizer(config.base_model, config.chat)
    encoded = encode_file(tokenizer, rows, config.max_length)
    model, precision = load_for_training(config)
    callback = RunCallback(run, EventLog(run.events, enabled=False), Stop(), {}, config.keep_checkpoints)
    work = Work(recipe_for(config, len(encoded.rows)), Rung())
    return build_trainer(run, config, work, model, tokenizer, precision, (encoded.rows, []), callback)


def floor(trainer: Any, meter: Meter) -> float:
    """Seconds of a step's matrix products alone: each token once through each weight and back, answers to logits."""
    batches = list(trainer.get_train_dataloader())
    tokens = sum(batch["input_ids"].numel() for batch in batches) // len(batches)
    answers = sum(int((batch["labels"] != IGNORED).sum()) for batch in batches) // len(batches)
    base = trainer.model.get_base_model()
    head, shapes = base.get_output_embeddings(), Counter[tuple[int, int, int]]()
    for name, layer in base.named_modules():
        if isinstance(layer, torch.nn.Linear) and "lora_" not in name:
            shapes[answers if layer is head else tokens, layer.in_features, layer.out_features] += 1
    return sum(count * there_and_back(*shape, meter) for shape, count in shapes.items())


def there_and_back(tokens: int, size_in: int, size_out: int, meter: Meter) -> float:
    """Seconds of one product and of its gradient, in bfloat16."""
    device = "cuda" if meter.cuda else "cpu"
    weight, given, above = (
        torch.randn(*shape, device=device).bfloat16()
        for shape in ((size_out, size_in), (tokens, size_in), (tokens, size_out))
    )
    back = weight.t().contiguous()
    seconds = []
    for _ in range(REPEATS + 1):
        began = meter.now()
        linear(given, weight)
        linear(above, back)
        seconds.append(meter.now() - began)
    return min(seconds)


if __name__ == "__main__":
    main()
