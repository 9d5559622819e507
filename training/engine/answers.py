"""Answers of a model to a file of prompts: references for the proof of a served model, and figures of a run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import jsonl
from training.engine.batched import greedy_batches
from training.engine.chat import render
from training.engine.config import BaseModelConfig, ChatOptions, load_config
from training.engine.constrained import Holder, greedy
from training.engine.errors import EngineError
from training.engine.files import read_jsonl
from training.engine.forms import Form, form_of
from training.engine.marks import broken, marks_of
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def answer_file(base: BaseModelConfig, prompts: Path, schema: Path, limit: int, out: Path) -> int:
    """Turn lines `{"messages": [...]}` into lines `{"text"}`, greedy answers to the schema; how many.

    The weights are the folder's 16-bit ones, multiplied in float32: no rounding is added to what they say.
    """
    import torch

    from training.engine.models import load_base, load_tokenizer

    tokenizer = load_tokenizer(base)
    holder = Holder(tokenizer, _form_in(schema))
    model = load_base(base, dtype=torch.float32)  # in evaluation mode already
    asked_texts = (render(tokenizer, row["messages"]) for row in read_jsonl(prompts))
    return jsonl.write(out, ({"text": greedy(model, tokenizer, text, holder, limit)} for text in asked_texts))


def answer_batches(
    source: Path | BaseModelConfig, prompts: Path, schema: Path, limit: int, out: Path, batch: int
) -> int:
    """The same for a finished run's folder, or for a bare base: many at once, lines `{"text", "complete"}`.

    Base and adapter are one, as they are served, in the precision that they are trained in.
    """
    from training.engine.models import load_tokenizer

    if isinstance(source, BaseModelConfig):
        run, base, chat = None, source, ChatOptions()
    else:
        run = RunDir(source)
        if not run.complete:
            raise EngineError(f"{source} is not finished: it has no manifest.json.")
        config = load_config(run.config)
        base, chat = config.base_model, config.chat
    tokenizer, model = load_tokenizer(base, chat), _model_of(base, run)
    marks = marks_of(tokenizer)
    texts = [render(tokenizer, broken(row["messages"], marks)) for row in read_jsonl(prompts)]
    return jsonl.write(out, greedy_batches(model, tokenizer, texts, _form_in(schema), limit, batch))


def _model_of(base: BaseModelConfig, run: RunDir | None) -> "PreTrainedModel":
    import torch
    from peft import PeftModel

    from training.engine.info import native_bf16
    from training.engine.merge import sixteen_bit
    from training.engine.models import BF16_PAYS_FROM_PARAMETERS, load_base

    model: Any = load_base(base, dtype=torch.float32)
    if run is not None:
        model = PeftModel.from_pretrained(model, str(run.adapter)).merge_and_unload(safe_merge=True)
    cuda = torch.cuda.is_available()
    is_quick = cuda or (native_bf16() and model.num_parameters() >= BF16_PAYS_FROM_PARAMETERS)
    placed: PreTrainedModel = model.to("cuda" if cuda else "cpu", sixteen_bit(base) if is_quick else torch.float32)
    return placed


def _form_in(schema: Path) -> Form | None:
    asked = json.loads(schema.read_text(encoding="utf-8"))
    return form_of(asked) if asked else None
