"""The engine's commands as a worker gives them: a run folder trained, its answers to the cases, CPU seconds of each."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.recipes.sets import Drawn
from common import jsonl
from config.launcher.environment import ROOT
from deployment.artifacts.heads.compose import compose
from deployment.servers.localserver.head import open_head
from evaluation.scorers import Scored
from labeling import prompts
from labeling.answers import parse
from labeling.kinds import json_schema, kind_of
from training.engine.bases.record import read_record
from training.engine.rundir import RunDir
from training.heads.folder import ENCODER

# Tokens of an answer: the longest right one has some 40.
LIMIT = 64
ALONE = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
# Of a run's metrics, beside the figure.
TOLD_OF_HEADS = ("passes", "chosen_by", "left_out_figure", "worth", "calibration_error")
TOLD = ("figure", "steps", "updates", "train_rows", "validation_rows", "train_loss", "eval_loss")


def train_run(
    folder: Path, config: Mapping[str, Any], rows: Mapping[str, Sequence[str]], command: str = "train"
) -> tuple[float, dict[str, Any]]:
    """Train in a fresh run folder: the CPU seconds of the whole process, and what it tells of itself."""
    run = RunDir(folder)
    run.train.parent.mkdir(parents=True)
    for path in (run.train, run.validation):
        path.write_text("".join(f"{line}\n" for line in rows[path.stem]), encoding="utf-8")
    run.config.write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
    seconds = _engine(command, "--run", str(folder))
    metrics = json.loads(run.manifest.read_text(encoding="utf-8"))["metrics"]
    told = {name: metrics["head"][name] for name in TOLD_OF_HEADS} if "passes" in metrics.get("head", {}) else {}
    return seconds, {name: metrics[name] for name in TOLD if name in metrics} | told


def answers_of(source: Sequence[str], drawn: Drawn, folder: Path) -> tuple[list[Scored], float]:
    """The answers to the cases, read as the product reads them, and CPU seconds. `source`: whom the engine asks."""
    asked, schema, out = folder / "prompts.jsonl", folder / "schema.json", folder / "answers.jsonl"
    jsonl.write(asked, ({"messages": prompts.messages(drawn.spec, text)} for text, _ in drawn.cases))
    schema.write_text(json.dumps(json_schema(drawn.spec)), encoding="utf-8")
    files = ["--prompts", asked, "--schema", schema, "--out", out]
    seconds = _engine("answer", *source, *map(str, files), "--limit", str(LIMIT))
    scored = []
    for (text, expected), given in zip(drawn.cases, jsonl.read(out), strict=True):
        parsed = parse(given["text"], drawn.spec, text, complete=given["complete"])
        scored.append(Scored(expected, parsed.answer, parsed.status))
    return scored, seconds


def classes_of(run: Path, drawn: Drawn, folder: Path) -> tuple[list[Scored], float]:
    """The answers of a run with a classification head, the likeliest labels where there are too many; CPU seconds."""
    spec, asked, out = drawn.spec, folder / "prompts.jsonl", folder / "told.jsonl"
    jsonl.write(asked, ({"text": text} for text, _ in drawn.cases))
    seconds = _engine("classify", "--run", str(run), "--prompts", str(asked), "--out", str(out))
    scored = []
    for (text, expected), told in zip(drawn.cases, jsonl.read(out), strict=True):
        likeliest = sorted(told["labels"], key=lambda label: -told["probabilities"][label])[: spec.label_limit]
        kind = kind_of(spec)
        answer = {kind.key: likeliest if kind.takes_several else likeliest[0]}
        scored.append(Scored(expected, kind.canonical(spec, answer, text)))
    return scored, seconds


def file_answers(run: Path, drawn: Drawn, folder: Path) -> tuple[list[Scored], float]:
    """The answers of the file that would be served, read as the product reads them; CPU seconds."""
    head, file = RunDir(run).head, folder / "model.onnx"
    compose(head / ENCODER, head, file)
    model, scored, began = open_head(file), [], time.process_time()
    for text, expected in drawn.cases:
        given = model.answer(prompts.messages(drawn.spec, text))
        parsed = parse(given.text, drawn.spec, text)
        scored.append(Scored(expected, parsed.answer, parsed.status))
    return scored, time.process_time() - began


def base_of(base: Path) -> dict[str, Any]:
    """The base model's name and revision by its own record, and where it lies."""
    record = read_record(base) or {}
    return {"name": record.get("name", base.name), "revision": record.get("revision"), "location": str(base)}


def _engine(*words: str) -> float:
    """Run one command of the engine with one thread; its CPU seconds. Ends the benchmark where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "training.engine", *words],
        cwd=ROOT,
        env={**os.environ, **ALONE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"The engine's {words[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
