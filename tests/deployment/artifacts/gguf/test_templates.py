"""Published chat templates, frozen, in a GGUF: llama.cpp builds from them the very prompts that training builds."""

import datetime
import json
import subprocess
import sys

import pytest
from django.conf import settings

from tests.llama_templates import real_templates
from tests.training.engine.chat_tokenizers import BOS, tokenizer_for
from training.engine.chat import render
from training.engine.config import ChatOptions
from training.engine.errors import EngineError
from training.engine.template import freeze

pytestmark = pytest.mark.ml
ASK = [{"role": "system", "content": "Tag the message."}, {"role": "user", "content": "Where is my order?"}]


def rows(thinking: bool) -> dict[str, dict]:
    """By name: the template as a task has it, and training's prompt."""
    found = {}
    for name, template in real_templates().items():
        tokenizer = tokenizer_for(template)
        try:
            freeze(tokenizer, ChatOptions(thinking=thinking, date=datetime.date(2025, 3, 9)))
            found[name] = {"template": tokenizer.chat_template, "messages": ASK, "thinking": thinking}
            found[name] |= {"text": render(tokenizer, ASK)}
        except EngineError:
            continue
    return found


@pytest.mark.parametrize("thinking", [False, True], ids=["plain", "thinking"])
def test_every_published_template_is_rendered_as_in_training(thinking):
    asked = rows(thinking)
    assert len(asked) > (30 if thinking else 60)
    command = [sys.executable, "-m", "tests.deployment.artifacts.gguf.rendering"]
    lines = "".join(json.dumps(row) + "\n" for row in asked.values())
    done = subprocess.run(command, cwd=settings.BASE_DIR, input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for (name, row), text in zip(asked.items(), json.loads(done.stdout), strict=True):
        # The token that begins a prompt is the server's tokenizer's own affair: the proof counts it.
        assert text in (row["text"], row["text"].removeprefix(BOS)), name
