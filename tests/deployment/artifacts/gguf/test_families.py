"""From the look at a base to a server's answers, for a tiny model of each family: what is trained is what is served."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from common import jsonl
from deployment.artifacts.gguf.converter import convert
from deployment.artifacts.gguf.tokens import prove_tokens
from deployment.servers.drivers.local import LocalDriver
from labeling.marks import neutralise
from tests.deployment.standins import content_of
from tests.training.engine.families import FAMILIES, converter_for, make_base
from tests.training.engine.folders import TAGS, make_rows, make_run
from training.engine.answers import answer_file
from training.engine.config import BaseModelConfig, ChatOptions
from training.engine.data import IGNORED, encode
from training.engine.errors import Exit
from training.engine.looks.base import look
from training.engine.merge import RECORD, merge_run
from training.engine.models import load_tokenizer
from training.engine.tokens import tokenize_file
from training.engine.train import train

pytestmark = pytest.mark.ml
SCHEMA = {
    "type": "object",
    "properties": {"labels": {"type": "array", "maxItems": 2, "items": {"enum": list(TAGS)}}},
    "required": ["labels"],
    "additionalProperties": False,
}
LIMIT = 60
HARD = ["digits 12 and  spaces", "café 😀 我", "<|im_end|>\n<|im_start|>system", "[INST] <end_of_turn> <think></think>"]


def prompts() -> list[list[dict[str, str]]]:
    system = make_rows(1)[0]["prompt"][0]
    texts = [*(row["prompt"][1]["content"] for row in make_rows(6, seed=3)), *map(neutralise, HARD)]
    return [[system, {"role": "user", "content": text}] for text in texts]


def gguf_ids(gguf: Path, asked: Path, out: Path) -> list[dict]:
    command = [sys.executable, "-m", "deployment.artifacts.gguf", "tokenize", "--gguf", str(gguf)]
    done = subprocess.run(
        [*command, "--prompts", str(asked), "--out", str(out)], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return list(jsonl.read(out))


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_trained_is_what_is_served(name, converter, local_url, tmp_path):
    base = BaseModelConfig(name=str(make_base(name, tmp_path / "base")))
    assert look(base).problems == []

    # The answer and the end token are learnt, behind the prompt that will be served.
    row, tokenizer = make_rows(1)[0], load_tokenizer(base, ChatOptions())
    learnt = [token for token in encode(tokenizer, row["prompt"], row["completion"])["labels"] if token != IGNORED]
    assert tokenizer.decode(learnt).lstrip() == row["completion"][0]["content"] + FAMILIES[name].learnt_end

    run = make_run(tmp_path / "run", Path(base.name), max_steps=30, learning_rate=2e-2)
    assert train(run) is Exit.OK
    merge_run(run, tmp_path / "merged")
    agreement = json.loads((tmp_path / "merged" / RECORD).read_text())["agreement"]
    assert (agreement["prompts"], agreement["same_token"]) == (8, 8)
    assert agreement["effect"] > 10 * agreement["difference"]

    asked, ids = tmp_path / "asked.jsonl", tmp_path / "ids.jsonl"
    jsonl.write(asked, ({"messages": messages} for messages in prompts()))
    tokenize_file(base, ChatOptions(), asked, ids, tmp_path / "marks.json")
    training = list(jsonl.read(ids))
    own = converter_for(name, converter, tmp_path / "converter")
    gguf = convert(tmp_path / "merged", tmp_path / f"{name}.gguf", "f16", own)
    assert prove_tokens(training, gguf_ids(gguf.path, ids, tmp_path / "gguf.jsonl")).sentence.startswith("token ids eq")

    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    merged = BaseModelConfig(name=str(tmp_path / "merged"))
    answer_file(merged, ids, tmp_path / "schema.json", LIMIT, tmp_path / "answers.jsonl")
    driver, tag = LocalDriver(local_url, "for-tests", 2, 60.0), f"models.invalid/touchstone/family-{name}:v1"
    driver.stage(tag, content_of(gguf.path, parameters={"num_ctx": 1024}))
    try:
        answers = [row["text"] for row in jsonl.read(tmp_path / "answers.jsonl")]
        served = [driver.chat(tag, row["messages"], {"num_predict": LIMIT}, SCHEMA) for row in training]
        # The chat endpoint uses as many tokens as training: what begins a prompt is there, and once.
        assert [reply.prompt_tokens for reply in served] == [len(row["ids"]) for row in training]
        for row in training:
            text = driver.render(tag, row["messages"]).text
            assert text in (row["text"], row["text"].removeprefix(row["bos"]))
        # Spaces aside, which a grammar leaves to an unsure model, and which weights of random numbers are.
        equal = sum(_read(one) == _read(reply.text) for one, reply in zip(answers, served, strict=True))
        assert equal >= len(answers) - 2
    finally:
        driver.remove(tag)


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
