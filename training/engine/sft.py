"""Supervised fine-tuning by TRL: the configuration in its words, and the trainer."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.engine.callbacks import RunCallback
from training.engine.config import EngineConfig
from training.engine.data import Encoded
from training.engine.heads.targets import Targets
from training.engine.models import Precision
from training.engine.recipe import Recipe, eval_steps
from training.engine.rundir import RunDir
from training.engine.rungs import Rung
from training.engine.schedule import scheduled

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from trl.trainer.sft_config import SFTConfig

    from training.engine.answer_loss import AnswerLossTrainer

# Above this many tokens a row's activations are recomputed rather than kept on a GPU.
CHECKPOINT_ACTIVATIONS_FROM = 4096


def processes() -> int:
    """How many processes share the run: one, but for a distributed one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@dataclass(frozen=True)
class Work:
    """How the rows of a run are taken: the recipe, the rung of memory that it came to, and labels to learn."""

    recipe: Recipe
    rung: Rung
    targets: Targets | None = None

    @property
    def rows_at_once(self) -> int:
        """Rows that the device takes."""
        return self.rung.batch_size(self.recipe)

    @property
    def facts(self) -> dict[str, int]:
        """For an event."""
        recipe = self.recipe
        return {
            "warmup_steps": recipe.warmup,
            "rows_of_an_update": recipe.batch_size * recipe.accumulation * processes(),
            "rows_at_once": self.rows_at_once,
        }


def build_trainer(
    run: RunDir,
    config: EngineConfig,
    work: Work,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    precision: Precision,
    rows: tuple[list[Encoded], list[Encoded]],
    callback: RunCallback,
) -> "AnswerLossTrainer":
    """The trainer for `rows` (train, validation; the second may be empty), with a fresh adapter on `model`."""
    from datasets import Dataset
    from transformers import PrinterCallback

    from training.engine.adapted import join_adapters
    from training.engine.answering import AT_ONCE, Answering, chosen
    from training.engine.batches.layout import choose_layout
    from training.engine.weights import give_memory_back

    train, validation = rows
    kind, more, kept = _objective(config, work, model)
    layout = choose_layout(model, max(len(row["input_ids"]) for row in (*train, *validation)))
    answering = None
    if validation and config.answer_rows and work.targets is None:
        at_once, share = AT_ONCE * work.rows_at_once, layout.flat
        questions = chosen(validation, config.answer_rows)
        answering = Answering(tokenizer, questions, at_once=at_once, share=share, beat=callback.beat)
    trainer: AnswerLossTrainer = scheduled(kind, config, work.recipe)(
        **more,
        layout=layout,
        answering=answering,
        run=run,
        model=model,
        args=_arguments(run, config, work, precision, bool(validation)),
        processing_class=tokenizer,
        # Encoded already: TRL's own preparation would train on template text after the end token, and cut long rows.
        train_dataset=Dataset.from_list([dict(row) for row in train]),
        eval_dataset=Dataset.from_list([dict(row) for row in validation]) if validation else None,
        peft_config=lora_config(config, kept),
        callbacks=[callback],
    )
    trainer.remove_callback(PrinterCallback)
    if model.device.type == "cpu":
        join_adapters(model, share=not trainer.args.gradient_checkpointing)
        give_memory_back()
    return trainer


def _objective(
    config: EngineConfig, work: Work, model: "PreTrainedModel"
) -> "tuple[type[AnswerLossTrainer], dict[str, Any], list[str] | None]":
    """The trainer's class, its own options, and the modules beside the adapter; a head is put on `model`."""
    from training.engine.answer_loss import AnswerLossTrainer

    if work.targets is None:
        return AnswerLossTrainer, {}, None
    from training.engine.heads.module import put_head
    from training.engine.heads.trainer import HeadTrainer

    return HeadTrainer, {"targets": work.targets}, [put_head(model, len(work.targets.labels), config.seed)]


def lora_config(config: EngineConfig, kept: list[str] | None = None) -> "LoraConfig":
    """The adapter's options in PEFT's words; `kept`: modules that are trained and kept whole."""
    from peft import LoraConfig

    return LoraConfig(
        r=config.lora.r,
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=config.lora.target_modules,
        modules_to_save=kept,
        task_type="CAUSAL_LM",
    )


def _arguments(run: RunDir, config: EngineConfig, work: Work, precision: Precision, validate: bool) -> "SFTConfig":
    import torch
    from trl.trainer.sft_config import SFTConfig

    steps = work.recipe.updates
    arguments = SFTConfig(
        output_dir=str(run.checkpoints),
        use_cpu=not torch.cuda.is_available(),
        bf16=precision.bf16,
        fp16=precision.fp16,
        gradient_checkpointing=work.rung.recompute or _recompute(config),
        max_length=None,
        max_steps=steps,
        per_device_train_batch_size=work.rows_at_once,
        per_device_eval_batch_size=work.rows_at_once,
        gradient_accumulation_steps=work.rung.accumulation(work.recipe),
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        logging_steps=config.logging_steps,
        # A loss that is no number shall be seen, not averaged away.
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="non_padding",  # as `AnswerLossTrainer` counts them
        eval_strategy="steps" if validate else "no",
        eval_steps=eval_steps(config, work.recipe),
        prediction_loss_only=True,
        save_strategy="steps",
        save_steps=config.save_steps or max(5, steps // 10),
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=True,
        report_to="none",
    )
    # Where no driver's tool lists the devices, none was pinned; the libraries would share each batch out over all.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def _recompute(config: EngineConfig) -> bool:
    import torch

    if config.gradient_checkpointing != "auto":
        return config.gradient_checkpointing
    return torch.cuda.is_available() and (config.method == "qlora" or config.max_length > CHECKPOINT_ACTIVATIONS_FROM)
