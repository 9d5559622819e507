"""The training tokenizer's view of prompts, for the proof that a served model sees the same tokens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import jsonl
from training.engine.chat import render, token_ids
from training.engine.config import BaseModelConfig
from training.engine.errors import EngineError
from training.engine.files import read_jsonl


def tokenize_file(base: BaseModelConfig, prompts: Path, out: Path) -> int:
    """Turn lines `{"messages": [...]}` into lines `{"text", "ids"}`, exactly as training sees them; their number."""
    from training.engine.models import load_tokenizer

    tokenizer = load_tokenizer(base)

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(read_jsonl(prompts), start=1):
            if not isinstance(row.get("messages"), list):
                raise EngineError(f"{prompts}, row {number}: 'messages' must be a list of chat messages.")
            text = render(tokenizer, row["messages"])
            yield {"text": text, "ids": token_ids(tokenizer, text)}

    return jsonl.write(out, rows())
