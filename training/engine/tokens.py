"""The training tokenizer's view of prompts, for the proof that a served model sees the same tokens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import jsonl
from training.engine.chat import render, token_ids
from training.engine.config import BaseModelConfig, ChatOptions
from training.engine.errors import EngineError
from training.engine.files import read_jsonl
from training.engine.marks import broken, marks_of


def tokenize_file(base: BaseModelConfig, chat: ChatOptions, prompts: Path, out: Path, marks_out: Path) -> int:
    """Turn lines `{"messages": [...]}` into lines `{"messages", "text", "ids", "bos"}`, exactly as training sees them.

    The tokenizer's own marks are broken in the messages, and written to `marks_out`. `bos` is the text of the token
    that the template begins with, which servers leave to their tokenizer; empty where it begins with none. Returns the
    number of lines.
    """
    from training.engine.models import load_tokenizer

    tokenizer = load_tokenizer(base, chat)
    marks = marks_of(tokenizer)
    marks_out.write_text(json.dumps(marks, ensure_ascii=False), encoding="utf-8")

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(read_jsonl(prompts), start=1):
            if not isinstance(row.get("messages"), list):
                raise EngineError(f"{prompts}, row {number}: 'messages' must be a list of chat messages.")
            messages = broken(row["messages"], marks)
            text = render(tokenizer, messages)
            bos = tokenizer.bos_token if tokenizer.bos_token and text.startswith(tokenizer.bos_token) else ""
            yield {"messages": messages, "text": text, "ids": token_ids(tokenizer, text), "bos": bos}

    return jsonl.write(out, rows())
