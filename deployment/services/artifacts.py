"""From a trained version to a proven GGUF: merge, convert, inspect, prove the tokens.

Each step is a process of its own (torch and llama.cpp never meet in one process, nor in a Celery worker), writes under
a temporary name and renames, and is skipped where its result is there.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from deployment.gguf.tokens import TokenProof, hard_texts, prove_tokens
from deployment.models import ServingPolicy
from deployment.services.staging import request_staging
from labeling import leases, prompts
from labeling.models import Sample
from training.models import ModelVersion
from training.services import resolve_location, run_folder

logger = logging.getLogger(__name__)
State = ModelVersion.State
MAX_ATTEMPTS = 3
PROOF_TEXTS = 200
_STEP_SECONDS = 3600


class BuildError(Exception):
    """A step failed in a way that another try will not mend; the message says which and why."""


def build_version(version_id: int) -> None:
    """Build the version's GGUF and have it staged. Returns quietly where another worker is at it."""
    token = leases.claim(ModelVersion, version_id, waiting=[State.TRAINED], working=State.BUILDING, error="")
    if token is None:
        return
    version = ModelVersion.objects.select_related("project", "base", "spec", "run__snapshot").get(pk=version_id)
    try:
        with leases.heartbeat(ModelVersion, version_id, token):
            built = _build(version)
        leases.finish(ModelVersion, version_id, token, state=State.BUILT, **built)
    except BuildError as error:
        proof = {"proof": error.args[1]} if len(error.args) > 1 else {}
        leases.finish(ModelVersion, version_id, token, state=State.FAILED, error=str(error.args[0]), **proof)
        logger.error("building %s failed: %s", version, error.args[0])
        return
    except (OSError, subprocess.SubprocessError) as error:
        again = version.attempts < MAX_ATTEMPTS
        leases.finish(ModelVersion, version_id, token, state=State.TRAINED if again else State.FAILED, error=str(error))
        logger.warning("building %s failed (attempt %s): %s", version, version.attempts, error)
        return
    version.refresh_from_db()
    logger.info("%s built: %s, %.1f MB", version, version.gguf_path, (version.gguf_bytes or 0) / 1e6)
    request_staging(version)


def _build(version: ModelVersion) -> dict[str, Any]:
    policy = ServingPolicy.objects.filter(project=version.project).first()
    outtype = policy.quantization if policy else "q8_0"
    work = Path(settings.ARTIFACTS_DIR) / version.project.key / f"v{version.number}"
    work.mkdir(parents=True, exist_ok=True)
    merged = merge(version, work / "merged")
    gguf = work / f"{version.project.key}-v{version.number}-{outtype}.gguf"
    info = _run_json("deployment.gguf", "convert", "--model", merged, "--out", gguf, "--outtype", outtype)
    proof = prove(version, merged, gguf, work)
    if not proof.ok:
        raise BuildError(f"The GGUF's tokens differ from training's: {proof.sentence}", as_json(proof))
    return {
        "gguf_path": str(gguf.relative_to(settings.ARTIFACTS_DIR)),
        "gguf_digest": info["sha256"],
        "gguf_bytes": info["size"],
        "quantization": outtype,
        "proof": as_json(proof),
    }


def merge(version: ModelVersion, out: Path) -> Path:
    """The 16-bit model with its adapter merged in, as a Hugging Face folder."""
    if version.run is None:
        source = ["--base", resolve_location(version.base), "--revision", version.base.revision]
    else:
        source = ["--run", str(run_folder(version.run))]
    _run("training.engine", "merge", *source, "--out", out)
    return out


def prove(version: ModelVersion, merged: Path, gguf: Path, work: Path) -> TokenProof:
    """Compare the ids of rendered prompts: the training tokenizer's against the GGUF's."""
    asked, wanted, got = work / "prompts.jsonl", work / "ids.training.jsonl", work / "ids.gguf.jsonl"
    with asked.open("w", encoding="utf-8") as file:
        for messages in proof_prompts(version):
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    _run("training.engine", "tokenize", "--model", merged, "--prompts", asked, "--out", wanted)
    _run("deployment.gguf", "tokenize", "--gguf", gguf, "--prompts", wanted, "--out", got)
    return prove_tokens(_lines(wanted), _lines(got))


def proof_prompts(version: ModelVersion) -> Iterator[list[dict[str, str]]]:
    """The prompts that the proof is made of: texts of the project outside the test split, then the hard ones."""
    spec = version.spec.to_spec()
    texts = Sample.objects.filter(project=version.project).exclude(split="test").order_by("content_hash")
    for text in texts.values_list("text", flat=True)[:PROOF_TEXTS]:
        yield prompts.messages(spec, text)
    for text in hard_texts():
        yield prompts.messages(spec, text)


def as_json(proof: TokenProof) -> dict[str, Any]:
    """The proof as it is kept on the version's row."""
    return {
        "ok": proof.ok,
        "checked": proof.checked,
        "sentence": proof.sentence,
        "first_difference": proof.first_difference,
    }


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _run(module: str, *arguments: object) -> str:
    """Run one step; its standard output. `BuildError` with the end of its log where it fails."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=_STEP_SECONDS, check=False
    )
    if done.returncode < 0:
        raise subprocess.SubprocessError(f"{module} {arguments[0]} was killed by signal {-done.returncode}")
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise BuildError(f"{module} {arguments[0]} failed:\n{tail}")
    return done.stdout


def _run_json(module: str, *arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(module, *arguments).strip().splitlines()[-1])
    return found
