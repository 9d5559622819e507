"""A trained version becomes a proven GGUF: claimed by lease, built by the pipeline, staged where the proof holds."""

import logging
import subprocess
from typing import Any

from django.conf import settings

from deployment.gguf.tokens import TokenProof
from deployment.models import ServingPolicy
from deployment.services.modelfiles import source_of
from deployment.services.parity import record_tokens
from deployment.services.pipeline import BuildError, pipeline_for
from deployment.services.pipeline.rows import have_base
from deployment.services.staging import request_staging
from labeling import leases
from training.models import ModelVersion

logger = logging.getLogger(__name__)
State = ModelVersion.State
MAX_ATTEMPTS = 3
UNPROVEN = (
    "Nothing was trained from this model here, so there are no tokens to hold it against; its benchmark judges it."
)


def build_version(version_id: int) -> None:
    """Build the version's GGUF and have it staged. Returns quietly where another worker is at it."""
    token = leases.claim(ModelVersion, version_id, waiting=[State.TRAINED], working=State.BUILDING, error="")
    if token is None:
        return
    rows = ModelVersion.objects.select_related("project", "base", "spec", "run__snapshot", "derived_from__run")
    version = rows.get(pk=version_id)
    try:
        with leases.heartbeat(ModelVersion, version_id, token):
            state, built = _build(version)
    except BuildError as error:
        state, built = State.FAILED, {"error": str(error)}
    except (OSError, subprocess.SubprocessError) as error:
        again = version.attempts < MAX_ATTEMPTS
        state, built = State.TRAINED if again else State.FAILED, {"error": str(error)}
    leases.finish(ModelVersion, version_id, token, state=state, **built)
    version.refresh_from_db()
    if state == State.BUILT:
        logger.info("%s built: %s, %.1f MB", version, source_of(version), (version.gguf_bytes or 0) / 1e6)
        request_staging(version)
    else:
        logger.warning("building %s failed (attempt %s): %s", version, version.attempts, version.error)


def _build(version: ModelVersion) -> tuple[State, dict[str, Any]]:
    if version.base.server_name:
        return State.BUILT, {"proof": {"ok": None, "checked": 0, "sentence": UNPROVEN, "first_difference": None}}
    have_base(version)
    policy = ServingPolicy.objects.filter(project=version.project).first() or ServingPolicy(project=version.project)
    built = pipeline_for(version, policy).build()
    record_tokens(version, built.proof)
    values = {
        "gguf_path": str(built.path.relative_to(settings.ARTIFACTS_DIR)),
        "adapter_path": str(built.adapter.relative_to(settings.ARTIFACTS_DIR)) if built.adapter else "",
        "gguf_digest": built.sha256,
        "gguf_bytes": built.size,
        "quantization": built.quantization,
        "proof": as_json(built.proof),
    }
    if built.proof.ok:
        return State.BUILT, values
    return State.FAILED, {
        "proof": as_json(built.proof),
        "error": f"The GGUF's tokens differ from training's: {built.proof.sentence}",
    }


def as_json(proof: TokenProof) -> dict[str, Any]:
    """The proof as it is kept on the version's row."""
    return {
        "ok": proof.ok,
        "checked": proof.checked,
        "sentence": proof.sentence,
        "first_difference": proof.first_difference,
    }
