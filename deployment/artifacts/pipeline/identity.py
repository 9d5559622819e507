"""What a step's result follows from: the inputs of its key."""

from importlib import metadata
from pathlib import Path
from typing import Any

from common.encoder import EncoderRecord
from common.files import sha256_of
from deployment.artifacts.gguf import quantizer
from deployment.artifacts.gguf.converter import REQUIREMENTS, ConverterError
from deployment.artifacts.pipeline.processes import BuildError
from deployment.quantization import QUANTIZED
from training.engine.bases.record import read_record
from training.engine.rundir import WEIGHTS
from training.heads.folder import TOLD as HEAD_TOLD
from training.heads.folder import WEIGHTS as HEAD_WEIGHTS
from training.models import BaseModel, ModelVersion
from training.services import chat_of, resolve_location, run_folder

# A number to raise where a step of ours writes something else than before from the same inputs.
REVISIONS = {"merge": 2, "convert": 1, "adapter": 1, "inspect": 1, "prove": 3, "compose": 1, "prove head": 1}
_MERGING = ("transformers", "peft", "torch", "safetensors")
_SMALL = 32 << 20


def libraries(*names: str) -> dict[str, str]:
    """Installed versions, read without importing anything; empty where one is missing."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found


def of_base(base: BaseModel) -> dict[str, Any]:
    """A folder by its files' digests (weights by its own record, where it has one), a hub name by its revision."""
    location = Path(resolve_location(base))
    if not location.is_dir():
        return {"hub": base.location, "revision": base.revision}
    record = read_record(location)
    files = {
        path.name: sha256_of(path)
        for path in sorted(location.iterdir())
        if path.is_file() and (record is None or path.stat().st_size < _SMALL)
    }
    return {"files": files, "weights": record["revision"] if record else "", "revision": base.revision}


def of_adapter(version: ModelVersion) -> dict[str, str]:
    """Digests of the adapter's weights and configuration; empty for the bare base.

    Raises `BuildError` where the run's adapter is not on this host, or is not the one that the version was made of.
    """
    run = version.trained_by
    if run is None:
        return {}
    folder = run_folder(run) / "adapter"
    try:
        found = {name: sha256_of(folder / name) for name in (WEIGHTS, "adapter_config.json")}
    except OSError as error:
        raise BuildError(
            f"The adapter of {version} is not on this host ({error}). Copy the run's folder back, or train it again."
        ) from error
    if version.adapter_digest and found[WEIGHTS] != version.adapter_digest:
        raise BuildError(
            f"The adapter in {folder} is not the one that {version} was made of: its SHA-256 is "
            f"{found[WEIGHTS]}, not {version.adapter_digest}. Restore the run's folder."
        )
    return found


def of_merge(version: ModelVersion) -> dict[str, Any]:
    """Base, adapter and the libraries that add one to the other."""
    return of_bare(version) | {"adapter": of_adapter(version)}


def of_bare(version: ModelVersion) -> dict[str, Any]:
    """The base alone, as the step that merges takes it over, with its chat template as the version's task has it."""
    step, chat = ["merge", REVISIONS["merge"]], chat_of(version.spec, version.base)
    return {"step": step, "base": of_base(version.base), "chat": chat, "adapter": {}, "libraries": libraries(*_MERGING)}


def of_adapter_file(version: ModelVersion) -> dict[str, Any]:
    """The adapter in its own GGUF: what was trained, on what, and the pinned converter."""
    step, converter = ["adapter", REVISIONS["adapter"]], sha256_of(REQUIREMENTS)
    return {"step": step, "base": of_base(version.base), "adapter": of_adapter(version), "converter": converter}


def of_conversion(merge_key: str, quantization: str) -> dict[str, Any]:
    """The merged model by its key, so that its folder need not be there, the form, and the pinned converter.

    Raises `BuildError` where the form needs a quantizer that is not installed.
    """
    program = ""
    if quantization in QUANTIZED:
        try:
            program = quantizer.identity(quantizer.require_quantizer(quantization))
        except ConverterError as error:
            raise BuildError(str(error)) from error
    return {
        "step": ["convert", REVISIONS["convert"]],
        "merge": merge_key,
        "quantization": quantization,
        "converter": sha256_of(REQUIREMENTS),
        "quantizer": program,
    }


def of_composition(version: ModelVersion, encoder: EncoderRecord) -> dict[str, Any]:
    """Encoder and head by their files' digests, and the library that writes the graph.

    Raises `BuildError` where the run's head is not on this host, or is not the one that the version was made of.
    """
    run = version.trained_by
    folder = run_folder(run) / "head" if run else Path()
    try:
        head = {name: sha256_of(folder / name) for name in (HEAD_WEIGHTS, HEAD_TOLD)}
    except OSError as error:
        raise BuildError(
            f"The head of {version} is not on this host ({error}). Copy the run's folder back, or train it again."
        ) from error
    if version.adapter_digest and head[HEAD_WEIGHTS] != version.adapter_digest:
        raise BuildError(
            f"The head in {folder} is not the one that {version} was made of: its SHA-256 is {head[HEAD_WEIGHTS]}, "
            f"not {version.adapter_digest}. Restore the run's folder."
        )
    step, made_by = ["compose", REVISIONS["compose"]], libraries("onnx")
    made_of = {"revision": encoder.revision, "runs": encoder.runs, "files": dict(encoder.files)}
    return {"step": step, "encoder": made_of, "head": head, "libraries": made_by}


def of_head_proof(compose_key: str, head: dict[str, str]) -> dict[str, Any]:
    """The file, what the fit answered, and the libraries that run it."""
    step = ["prove head", REVISIONS["prove head"]]
    return {"step": step, "compose": compose_key, "head": head, "libraries": libraries("onnxruntime", "tokenizers")}


def of_inspection(convert_key: str) -> dict[str, Any]:
    """The GGUF and the library that reads it."""
    return {"step": ["inspect", REVISIONS["inspect"]], "convert": convert_key, "libraries": libraries("gguf")}


def of_proof(convert_key: str, base: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The GGUF, the training tokenizer, llama.cpp, and what is asked."""
    return {
        "step": ["prove", REVISIONS["prove"]],
        "convert": convert_key,
        "base": base,
        "asked": asked,
        "libraries": libraries("xllamacpp", "transformers", "tokenizers"),
    }
