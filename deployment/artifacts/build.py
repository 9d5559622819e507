"""A version's weights become a proven file: claimed by lease, built by the pipeline, staged where the proof holds."""

import logging
import subprocess
from typing import Any
from uuid import UUID

from django.db import transaction

from common import actor as actors
from common import leases
from common.encoder.record import SMALL
from common.files import sha256_of
from common.queue import enqueue
from deployment import storage
from deployment.artifacts.parity import record_proof
from deployment.artifacts.pipeline import BuildError, pipeline_for
from deployment.artifacts.pipeline.proof import FileProof
from deployment.artifacts.pipeline.rows import have_base, needs_base
from deployment.artifacts.staging import request_staging, send_waiting
from deployment.files import artifact_of
from deployment.models import Artifact, ServingPolicy
from deployment.models.formats import GGUF, ONNX, WITH_ADAPTER
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = Artifact.State
MAX_ATTEMPTS = 3
_BUILDER = actors.system("build")


def request_build(version: ModelVersion) -> None:
    """Have the version's file built, if it is to be, and the version staged; by the workers."""
    if version.base.server_name:
        request_staging(version)  # the servers have it
        return
    artifact = artifact_of(version) or wanted_artifact(version)
    if artifact.state == State.BUILT:
        request_staging(version)
    elif artifact.state == State.WAITING:
        enqueue(artifact.build_task, artifact.pk)


def build(artifact_id: int) -> None:
    """Build one artifact and have it staged. Returns quietly where another worker is at it."""
    token = leases.claim(Artifact, artifact_id, waiting=[State.WAITING], working=State.BUILDING, error="")
    if token is None:
        return
    artifact = _built(artifact_id, token)
    if artifact.state == State.BUILT:
        if not artifact.weights.staged.exists():
            request_staging(artifact.weights)
        send_waiting(artifact)


def wanted_artifact(version: ModelVersion) -> Artifact:
    """The artifact that the version's weights become as the project's policy says now; the row alone, no file."""
    wanted = _wanted(version)
    with transaction.atomic():
        row, created = Artifact.objects.get_or_create(weights=version.weights, **wanted)
        if created:
            events.record(_BUILDER, "version.build_requested", version.weights, after={"artifact": row.uid, **wanted})
    return row


def _wanted(version: ModelVersion) -> dict[str, Any]:
    if version.is_head:
        # In what form the encoder computes is the encoder's own business.
        trained = version.trained_by
        runs = trained.metrics.get("head", {}).get("encoder", {}).get("runs") if trained else None
        return {"format": ONNX, "quantization": "int8" if runs == SMALL else "f32"}
    policy = _policy(version)
    apart = policy.adapters and version.trained_by is not None
    return {"format": WITH_ADAPTER if apart else GGUF, "quantization": policy.quantization}


def _policy(version: ModelVersion) -> ServingPolicy:
    return ServingPolicy.of(version.project) or ServingPolicy(project=version.project)


def _built(pk: int, token: UUID) -> Artifact:
    weights = ("project", "base", "spec", "run__snapshot")
    artifact = Artifact.objects.select_related(*(f"weights__{name}" for name in weights)).get(pk=pk)
    try:
        with leases.heartbeat(Artifact, pk, token):
            state, values = _build(artifact)
    except BuildError as error:
        state, values = State.FAILED, {"error": str(error)}
    except (OSError, subprocess.SubprocessError) as error:
        artifact.refresh_from_db(fields=["attempts"])
        again = artifact.attempts < MAX_ATTEMPTS
        state, values = State.WAITING if again else State.FAILED, {"error": str(error)}
    with transaction.atomic():
        leases.finish(Artifact, pk, token, state=state, **values)
        artifact.refresh_from_db()
        verb = "version.built" if state == State.BUILT else "version.build_failed"
        after = {"state": state, "digest": artifact.digest, "quantization": artifact.quantization}
        events.record(_BUILDER, verb, artifact.weights, before={"state": State.BUILDING}, after=after)
    if state == State.BUILT:
        logger.info("%s built: %s, %.1f MB", artifact, artifact.path, (artifact.bytes or 0) / 1e6)
    else:
        logger.warning("building %s failed (attempt %s): %s", artifact, artifact.attempts, artifact.error)
    return artifact


def _build(artifact: Artifact) -> tuple[State, dict[str, Any]]:
    if needs_base(artifact.weights):
        have_base(artifact)
    _clear_damaged(artifact)
    built = pipeline_for(artifact, _policy(artifact.weights)).build()
    record_proof(artifact, built.proof)
    proof = as_json(built.proof)
    if not built.proof.ok:
        return State.FAILED, {"proof": proof, "error": f"The file is not what was trained: {proof['sentence']}"}
    return State.BUILT, {
        "path": storage.name_of(built.path),
        "adapter_path": storage.name_of(built.adapter) if built.adapter else "",
        "digest": built.sha256,
        "adapter_digest": sha256_of(built.adapter) if built.adapter else "",
        "bytes": built.size,
        "proof": proof,
        "marks": list(built.marks),
    }


def _clear_damaged(artifact: Artifact) -> None:
    """A file that is no longer what was built is made again, and not found again by its name and size."""
    for name, digest in ((artifact.path, artifact.digest), (artifact.adapter_path, artifact.adapter_digest)):
        if name and storage.holds(name) and sha256_of(storage.path_of(name)) != digest:
            logger.warning("%s is damaged and made again: %s", artifact, name)
            storage.remove(name)


def as_json(proof: FileProof) -> dict[str, Any]:
    """The proof as it is kept on the artifact's row."""
    return {
        "ok": proof.ok,
        "checked": proof.checked,
        "sentence": proof.sentence,
        "first_difference": proof.first_difference,
    }
