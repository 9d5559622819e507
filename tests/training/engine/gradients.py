"""Gradients of TRL's bare trainer and of the engine's, of the same rows and weights."""

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from training.engine.adapted import join_adapters
from training.engine.answer_loss import AnswerLossTrainer
from training.engine.data import Encoded

Gradients = dict[str, torch.Tensor]


def trainer_of(
    kind: type[SFTTrainer],
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: list[Encoded],
    **options: Any,
) -> SFTTrainer:
    """A trainer whose only batch is all rows, in 32 bits, with an adapter that does something."""
    trainer = kind(
        model=model,
        args=SFTConfig(
            output_dir=str(folder),
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            per_device_train_batch_size=len(rows),
            max_length=None,
            report_to="none",
        ),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([dict(row) for row in rows]),
        peft_config=LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"),
        **options,
    )
    chance = torch.Generator().manual_seed(3)
    for name, weight in trainer.model.named_parameters():
        if weight.requires_grad:
            scale = 0.3 if "lora_B" in name else 0.1
            weight.data = torch.randn(weight.shape, generator=chance) * scale
    if kind is AnswerLossTrainer:
        join_adapters(trainer.model, share=not trainer.args.gradient_checkpointing)
    return trainer


def gradients(trainer: SFTTrainer) -> tuple[float, Gradients]:
    """The loss of the only batch, and its gradient by the name of the weight."""
    batch = next(iter(trainer.get_train_dataloader()))
    count = int((batch["labels"] != -100).sum())
    trainer.model.train()
    loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=count)
    loss.backward()
    found = {name: weight.grad for name, weight in trainer.model.named_parameters() if weight.grad is not None}
    return float(loss.detach()), found


def difference(ours: Gradients, theirs: Gradients) -> float:
    """Relative L2 of all gradients together."""
    assert ours.keys() == theirs.keys()
    apart = sum(float(((ours[name] - theirs[name]).double() ** 2).sum()) for name in theirs)
    whole = sum(float((theirs[name].double() ** 2).sum()) for name in theirs)
    assert whole > 0
    return float((apart / whole) ** 0.5)
