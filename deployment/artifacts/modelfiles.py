"""The Modelfile of a version: our record of what is served, and the source of the create request."""

import difflib
from pathlib import Path
from typing import Any

from django.conf import settings

from common.files import write_text
from deployment import storage
from deployment.files import VersionFile
from deployment.modelfile import grammar
from deployment.modelfile.parameters import CAPACITY, PARAMETERS
from deployment.models import Artifact
from labeling import prompts
from labeling.kinds import DEFAULT_DECODING
from labeling.models import Project
from training.models import ModelVersion

COMPARED_LINES = 1_000


def parameters_of(version: ModelVersion) -> dict[str, Any]:
    """The version's own parameters, typed as Ollama wants them; a server's capacity is not the version's business."""
    decoding = version.decoding
    found: dict[str, Any] = {
        name: kind(decoding[name])
        for name, kind in PARAMETERS.items()
        if name in decoding and name != "stop" and name not in CAPACITY
    }
    if decoding.get("stop"):
        found["stop"] = list(decoding["stop"])
    return found


def context_of(version: ModelVersion) -> int:
    """Tokens that prompt and answer may have together."""
    return int((DEFAULT_DECODING | parameters_of(version))["num_ctx"])


def system_of(version: ModelVersion) -> str:
    """The system message that outside clients get: the same that Touchstone sends, unless somebody edited it."""
    return prompts.system_message(version.spec.to_spec()) if version.system is None else version.system


def source_of(version: ModelVersion, artifact: Artifact | None) -> str:
    """What FROM names: the file on this host, or a model of the servers' catalogues; empty where the file is gone."""
    if version.base.server_name:
        return version.base.server_name
    return str(storage.path_of(artifact.path)) if artifact and artifact.path else ""


def build_modelfile(
    version: ModelVersion, file: VersionFile, evidence: dict[str, Any] | None = None
) -> grammar.Modelfile:
    """The version's Modelfile over its file; its comment block holds lineage, digests and the gate's figures.

    No TEMPLATE: the GGUF carries the chat template that training used.
    """
    if version.is_head:
        comments = (*_comments(version, file, evidence or {}), "served by Touchstone's local server alone: no GGUF")
        return grammar.Modelfile(from_=source_of(version, file.artifact), comments=comments)
    pairs: list[tuple[str, Any]] = []
    for name, value in parameters_of(version).items():
        pairs += [(name, each) for each in value] if isinstance(value, list) else [(name, value)]
    artifact = file.artifact
    return grammar.Modelfile(
        from_=source_of(version, artifact),
        adapter=str(storage.path_of(artifact.adapter_path)) if artifact and artifact.adapter_path else None,
        system=grammar.printable(system_of(version)),
        parameters=tuple(pairs),
        comments=tuple(_comments(version, file, evidence or {})),
    )


def _comments(version: ModelVersion, file: VersionFile, evidence: dict[str, Any]) -> list[str]:
    run = version.trained_by
    lines = [
        f"project {version.project.key}",
        f"version {version.tag} (spec {version.spec.number})",
        f"base {version.base.name} {version.base.revision}".rstrip(),
        f"edited from {version.derived_from.tag}: {version.note}" if version.derived_from else "",
        f"run {run.uid} on snapshot {run.snapshot.digest}" if run else "run none: untrained",
        f"{'head' if version.is_head else 'adapter'} sha256 {version.adapter_digest}" if version.adapter_digest else "",
        f"{_kind_of_file(version)} sha256 {file.digest} {file.quantization}",
        *(f"{name} {value}" for name, value in evidence.items() if not isinstance(value, dict | list)),
    ]
    return [" ".join(grammar.printable(line).split()) for line in lines if line]


def _kind_of_file(version: ModelVersion) -> str:
    return "model" if version.base.server_name else "onnx" if version.is_head else "gguf"


def render_modelfile(version: ModelVersion, file: VersionFile, evidence: dict[str, Any] | None = None) -> str:
    """The text of the version's Modelfile."""
    return grammar.render(build_modelfile(version, file, evidence))


def write_modelfile(project: Project, text: str) -> Path:
    """Write `var/deployments/<project>/Modelfile` in one step; older ones stay in the deployment rows."""
    folder = Path(settings.DEPLOYMENTS_DIR / project.key)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "Modelfile"
    write_text(target, text)
    return target


def difference(old: str, new: str) -> list[str]:
    """A unified difference, line by line without line ends; empty where both are equal.

    Beyond `COMPARED_LINES`, where finding what moved could take minutes, the files are shown one after the other.
    """
    if old == new:
        return []
    before, after = old.split("\n"), new.split("\n")
    if max(len(before), len(after)) > COMPARED_LINES:
        where = f"@@ more than {COMPARED_LINES} lines: not compared @@"
        return ["--- live", "+++ new", where, *(f"-{line}" for line in before), *(f"+{line}" for line in after)]
    return list(difflib.unified_diff(before, after, "live", "new", lineterm="", n=2))
