"""What a run would be, told before it is made: counted from its rows, and measured in a few updates on this device."""

import resource
import shutil
import sys
import tempfile
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.chat import Message, render, token_ids
from training.engine.config import EngineConfig, load_config
from training.engine.data import IGNORED, Encoded
from training.engine.devices import pin
from training.engine.endings import sentence_of
from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog, finite, read_events
from training.engine.files import read_jsonl
from training.engine.info import device
from training.engine.marks import broken, marks_of
from training.engine.recipe import eval_steps
from training.engine.rundir import RunDir
from training.engine.stopping import Stop
from training.engine.train import Training

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from trl.trainer.sft_trainer import SFTTrainer

# The first update loads and compiles; the others are measured.
UPDATES = 3
# Batches that are looked at for padding.
_BATCHES = 200


def dry_run(path: Path) -> dict[str, Any]:
    """The report on the run folder `path`, which stays as it is. Raises `EngineError` for options that cannot be read.

    `refused` lists in sentences why the run would not be made; what could not be told for that is null.
    """
    given, config = RunDir(path), load_config(RunDir(path).config)
    pin()
    with tempfile.TemporaryDirectory(prefix="dry-run-") as folder:
        trial = RunDir(Path(folder))
        shutil.copytree(given.train.parent, trial.train.parent)
        training, refused = _Trial(trial, config), []
        try:
            training.go()
        except (EngineError, OSError, RuntimeError, ValueError, LookupError, MemoryError) as error:
            # What stops this would stop the run.
            refused.append(sentence_of(error))
        report: dict[str, Any] = finite(training.report(read_events(trial.events)) | {"refused": refused})
    return report


class _Trial(Training):
    """The run itself in a folder of its own, for a few updates of its longest rows."""

    def __init__(self, run: RunDir, config: EngineConfig) -> None:
        super().__init__(run, config, EventLog(run.events), Stop())
        self.padded: float | None = None
        self.evaluation = 0.0

    def _attempt(self) -> Exit:
        from datasets import Dataset

        whole = self.phases.now()
        self.phase = replace(whole, recipe=replace(whole.recipe, updates=UPDATES, warmup=0))
        trainer, _ = self._load()
        self.padded = padded_share(trainer)
        rows = whole.train
        longest = sorted(range(len(rows)), key=lambda index: -len(rows[index]["input_ids"]))
        most = whole.recipe.batch_size * whole.recipe.accumulation * UPDATES
        trainer.train_dataset = Dataset.from_list([dict(rows[index]) for index in longest[:most]])
        trainer.train()
        told = [event["seconds"] for event in read_events(self.run.events) if event["kind"] == "evaluation"]
        every = eval_steps(self.config, whole.recipe)
        self.evaluation = sum(told) * -(-whole.recipe.updates // every)
        return Exit.OK

    def report(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """The figures, as far as it came."""
        loaded: dict[str, Any] = next((event for event in reversed(events) if event["kind"] == "loaded"), {})
        report: dict[str, Any] = {
            "rows": None,
            "tokens": None,
            "prompt": None,
            "updates": None,
            "padded_share": self.padded,
            "trainable_parameters": loaded.get("trainable_parameters"),
            "total_parameters": loaded.get("total_parameters"),
            "memory": {"bytes": _peak() if loaded else None, "of": device()["memory"], "device": device()["type"]},
            "minutes": None,
            "said": [event["message"] for event in events if event["kind"] in {"left_out", "memory", "warning"}],
        }
        return report | (self._counted(events) if hasattr(self, "phases") else {})

    def _counted(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        phase, train = self.phases.now(), self.rows.train
        recipe, rows = phase.recipe, phase.train
        an_update = recipe.batch_size * recipe.accumulation
        # Those of a second phase are rows of the same task: as many passes over a few more.
        passes = phase.total_steps * an_update / len(rows)
        tokens = sum(len(row["input_ids"]) for row in rows)
        seconds = _seconds_a_token(events)
        computed = tokens * passes / (1 - (self.padded or 0.0))
        return {
            "rows": self.rows.counts | {"longest": train.longest},
            "tokens": {"pass": tokens, "answers": _answers(rows), "all": round(tokens * passes)},
            "prompt": {"tokens": _asked(rows), "label_list": self._listed()},
            "updates": {
                "number": phase.total_steps,
                "of_it": {"first": recipe.updates, "after": phase.after},
                "rows": an_update,
                "passes": round(passes, 2),
                "warmup": recipe.warmup,
            },
            "minutes": None if seconds is None else round((computed * seconds + self.evaluation) / 60, 1),
        }

    def _listed(self) -> int | None:
        """None where labels are learnt: such prompts list none."""
        return None if self.rows.targets else label_list_tokens(self.run, self.tokenizer)


def padded_share(trainer: "SFTTrainer") -> float:
    """Of the tokens that the trainer would compute, the share that only fills batches up."""
    computed = useful = 0
    for batch in islice(trainer.get_train_dataloader(), _BATCHES):
        ids, mask = batch["input_ids"], batch.get("attention_mask")
        computed += ids.numel()
        # Batches that lie in one flat row have nothing to mask.
        useful += int(mask.sum()) if mask is not None and mask.shape == ids.shape else ids.numel()
    return round(1 - useful / computed, 4) if computed else 0.0


def _answers(rows: list[Encoded]) -> int:
    return sum(label != IGNORED for row in rows for label in row["labels"])


def _asked(rows: list[Encoded]) -> int:
    """The tokens of an average prompt."""
    return round(sum(label == IGNORED for row in rows for label in row["labels"]) / len(rows))


def label_list_tokens(run: RunDir, tokenizer: "PreTrainedTokenizerBase") -> int | None:
    """How many of a prompt's tokens list the labels; None where the folder does not say how they are listed."""
    if not run.label_list.is_file():
        return None
    listed, marks = f"{run.label_list.read_text(encoding='utf-8')}\n", marks_of(tokenizer)
    prompt: list[Message] = read_jsonl(run.train)[0]["prompt"]
    without = [{**each, "content": each["content"].replace(listed, "")} for each in prompt]
    whole, rest = (len(token_ids(tokenizer, render(tokenizer, broken(each, marks)))) for each in (prompt, without))
    return whole - rest


def _seconds_a_token(events: list[dict[str, Any]]) -> float | None:
    """The best of the measured updates: whatever else the host does only makes them slower."""
    steps = [event for event in events if event["kind"] == "step"][-UPDATES:]
    pairs = [(step["seconds"], step["tokens"] - before["tokens"]) for before, step in pairwise(steps)]
    return min((seconds / tokens for seconds, tokens in pairs if tokens > 0), default=None)


def _peak() -> int:
    """Bytes of memory that this process needed at once, of its GPU where it has one."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
