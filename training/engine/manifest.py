"""The adapter folder, its model card and the manifest: what a finished run leaves behind."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from common.files import built_folder, sha256_of, write_json
from training.engine.bases.record import read_record
from training.engine.config import BaseModelConfig, EngineConfig
from training.engine.events import read_events
from training.engine.info import environment, git_commit
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor

FORMAT = 1
_USES = {
    "sft": "Merge it into the 16-bit weights, never into 4-bit ones.",
    "lm_head": "It comes with a classification head in place of the output layer.",
}


def save_part(run: RunDir, model: "PeftModel") -> None:
    """Write the adapter of one seed among several; it appears whole or not at all."""
    _remove_leftovers(run.part)
    with built_folder(run.part) as folder:
        model.save_pretrained(str(folder), safe_serialization=True)


def save_adapter(
    run: RunDir, config: EngineConfig, metrics: Mapping[str, Any], write: Callable[[Path], object]
) -> None:
    """Have `write` put the weights into `adapter/`, with a model card; it appears whole or not at all."""
    _remove_leftovers(run.adapter)
    with built_folder(run.adapter) as folder:
        write(folder)
        (folder / "README.md").write_text(model_card(config, metrics), encoding="utf-8")


def save_weights(model: "PeftModel", tensors: "Mapping[str, dict[str, Tensor]]", folder: Path) -> None:
    """The adapter in PEFT's layout, and `tensors` by file."""
    from safetensors.torch import save_file

    model.save_pretrained(str(folder), safe_serialization=True)
    for name, kept in tensors.items():
        save_file(kept, folder / name)


def _remove_leftovers(target: Path) -> None:
    """Of an attempt that was killed here."""
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover)


def model_card(config: EngineConfig, metrics: Mapping[str, Any]) -> str:
    """A Hugging Face model card: metadata as YAML, then the figures in words."""
    base = base_of(config.base_model)
    head = {
        "base_model": base["name"],
        "library_name": "peft",
        "pipeline_tag": "text-generation" if config.objective == "sft" else "text-classification",
        "tags": ["lora", config.objective, "trl"],
    }
    figures = "\n".join(f"| {name} | {value} |" for name, value in metrics.items())
    return (
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n"
        f"# Adapter for {base['name']}\n\n"
        f"Trained by Touchstone with {config.method.upper()} (rank {config.lora.r}, alpha {config.lora.alpha}) on "
        f"revision `{base['revision']}` of the base model. {_USES[config.objective]}\n\n"
        f"| figure | value |\n| --- | --- |\n{figures}\n"
    )


def base_of(base: BaseModelConfig) -> dict[str, Any]:
    """Name and revision of the base model, by its own record where it is a folder of ours."""
    record = read_record(Path(base.name)) or {}
    return {
        "name": record.get("name", base.name),
        "revision": record.get("revision", base.revision),
        "location": base.name,
    }


def write_manifest(
    run: RunDir, config: EngineConfig, metrics: Mapping[str, Any], told_more: Mapping[str, Any] | None = None
) -> None:
    """The manifest of an adapter, and of the head's folder where there is one."""
    told = {"base": base_of(config.base_model), "seed": config.seed, "config": config.model_dump(mode="json")}
    put_manifest(run, [run.adapter, run.head], environment(), {**told, "metrics": dict(metrics), **(told_more or {})})


def put_manifest(
    run: RunDir, results: Iterable[Path], surroundings: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """The last file of a run: everything before it is listed with size in bytes and SHA-256. `results`: its folders."""
    made = [path for folder in results for path in sorted(folder.rglob("*"))]
    files = [run.config, *sorted((run.path / "data").glob("*.jsonl")), *made]
    write_json(
        run.manifest,
        {
            "format": FORMAT,
            "completed": datetime.now(UTC).isoformat(),
            "git_commit": git_commit(),
            "versions": surroundings["libraries"],
            "environment": surroundings,
            **told,
            "files": {
                path.relative_to(run.path).as_posix(): {
                    "size": path.stat().st_size,
                    "sha256": sha256_of(path),
                }
                for path in files
                if path.is_file()
            },
        },
    )


def step_seconds(run: RunDir) -> float:
    """Seconds spent in the steps that count: a step done again after a resume counts once."""
    by_step, last = {}, 0
    for event in read_events(run.events):
        if event["kind"] == "step":
            by_step[event["step"]] = event["seconds"]
            last = event["step"]
    logged = [seconds for step, seconds in by_step.items() if step <= last]
    # Each event gives the mean of the steps since the one before.
    return round(sum(logged) * (last / len(logged)), 1) if logged else 0.0
