"""Supervised fine-tuning by TRL: the configuration in its words, and the trainer."""

import math
import os
from typing import TYPE_CHECKING

from training.engine.callbacks import RunCallback
from training.engine.config import EngineConfig
from training.engine.data import Encoded
from training.engine.models import Precision
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

# Above this many tokens a row's activations are recomputed rather than kept on a GPU.
CHECKPOINT_ACTIVATIONS_FROM = 4096


def total_steps(config: EngineConfig, rows: int) -> int:
    """How many optimizer steps the run takes, with the processes that share it."""
    if config.max_steps is not None:
        return config.max_steps
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    batches = math.ceil(rows / (config.batch_size * processes))
    return math.ceil((config.epochs or 1) * math.ceil(batches / config.gradient_accumulation))


def build_trainer(
    run: RunDir,
    config: EngineConfig,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    precision: Precision,
    rows: tuple[list[Encoded], list[Encoded]],
    callback: RunCallback,
) -> "SFTTrainer":
    """The trainer for `rows` (train, validation; the second may be empty), with a fresh adapter on `model`."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl.trainer.sft_trainer import SFTTrainer

    from training.engine.answer_loss import AnswerLossTrainer

    train, validation = rows
    trainer_class = AnswerLossTrainer if config.answer_logits else SFTTrainer
    trainer = trainer_class(
        model=model,
        args=_arguments(run, config, precision, len(train), bool(validation)),
        processing_class=tokenizer,
        # Encoded already: TRL's own preparation would train on template text after the end token, and cut long rows.
        train_dataset=Dataset.from_list([dict(row) for row in train]),
        eval_dataset=Dataset.from_list([dict(row) for row in validation]) if validation else None,
        peft_config=LoraConfig(
            r=config.lora.r,
            lora_alpha=config.lora.alpha,
            lora_dropout=config.lora.dropout,
            target_modules=config.lora.target_modules,
            task_type="CAUSAL_LM",
        ),
        callbacks=[callback],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(run: RunDir, config: EngineConfig, precision: Precision, rows: int, validate: bool) -> "SFTConfig":
    import torch
    from trl.trainer.sft_config import SFTConfig

    steps = total_steps(config, rows)
    return SFTConfig(
        output_dir=str(run.checkpoints),
        use_cpu=not torch.cuda.is_available(),
        bf16=precision.bf16,
        fp16=precision.fp16,
        gradient_checkpointing=_recompute(config),
        max_length=None,
        max_steps=steps,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.scheduler,
        warmup_steps=config.warmup_steps,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        logging_steps=config.logging_steps,
        # A loss that is no number shall be seen, not averaged away.
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="non_padding",
        eval_strategy="steps" if validate else "no",
        eval_steps=config.eval_steps or max(25, steps // 5),
        prediction_loss_only=True,
        save_strategy="steps",
        save_steps=config.save_steps or max(5, steps // 10),
        save_total_limit=config.keep_checkpoints,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=True,
        report_to="none",
    )


def _recompute(config: EngineConfig) -> bool:
    import torch

    if config.gradient_checkpointing != "auto":
        return config.gradient_checkpointing
    return torch.cuda.is_available() and (config.method == "qlora" or config.max_length > CHECKPOINT_ACTIVATIONS_FROM)
