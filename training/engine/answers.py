"""Reference answers of a merged model, for the proof that a served model answers as it does."""

import json
from pathlib import Path

from common import jsonl
from training.engine.chat import render
from training.engine.config import BaseModelConfig
from training.engine.constrained import form_of, greedy
from training.engine.files import read_jsonl


def answer_file(base: BaseModelConfig, prompts: Path, schema: Path, limit: int, out: Path) -> int:
    """Turn lines `{"messages": [...]}` into lines `{"text"}`, greedy answers to the schema; how many.

    The weights are the folder's 16-bit ones, multiplied in float32: no rounding is added to what they say.
    """
    import torch

    from training.engine.models import load_base, load_tokenizer

    asked = json.loads(schema.read_text(encoding="utf-8"))
    form = form_of(asked) if asked else None
    tokenizer = load_tokenizer(base)
    model = load_base(base, dtype=torch.float32)  # in evaluation mode already
    asked_texts = (render(tokenizer, row["messages"]) for row in read_jsonl(prompts))
    return jsonl.write(out, ({"text": greedy(model, tokenizer, text, form, limit)} for text in asked_texts))
