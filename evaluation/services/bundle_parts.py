"""The parts of a bundle from the rows: what each line holds (`evaluation.bundles.shapes`)."""

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from typing import Any

from common import jsonl
from deployment.models import Deployment, ParityReport, StagedVersion
from evaluation.bundles.shapes import FORMAT
from evaluation.gate import Policy
from evaluation.models import GateReport, Look, Suite
from labeling.models import TaskSpec
from training.models import ModelVersion

_CHUNK = 200
# What figures and draws come from, beside our own code.
_LIBRARIES = ("numpy", "pydantic", "regex", "sacrebleu")


def head(deployment: Deployment) -> dict[str, Any]:
    """Which promotion of which project, and the software that writes it down."""
    software = {"python": platform.python_version()} | {name: _installed(name) for name in _LIBRARIES}
    return {
        "part": "bundle",
        "format": FORMAT,
        "project": deployment.project.key,
        "deployment": str(deployment.uid),
        "software": software,
    }


def promotion(deployment: Deployment) -> dict[str, Any]:
    """Who, when, why, and what the gate had said on each server."""
    told = deployment.evidence
    reports = GateReport.objects.filter(uid__in=told.get("gate_reports", [])).select_related("staged__server")
    judgments = [
        {"server": row.staged.server.name, "report": str(row.uid), "verdict": row.verdict, "sentence": row.sentence}
        for row in reports.order_by("pk")
    ]
    return {
        "part": "promotion",
        "version": deployment.version.tag,
        "before": deployment.previous.tag if deployment.previous else None,
        "by": deployment.actor.get_username() if deployment.actor else None,
        "automatic": deployment.automatic,
        "reason": deployment.reason,
        "asked_at": _at(deployment.created_at),
        "live_at": _at(deployment.live_at),
        "judgments": judgments,
        "proofs": {name: str(proof) for name, proof in told.get("proofs", {}).items()},
    }


def spec(of: str, row: TaskSpec) -> dict[str, Any]:
    """A task as answers are read by it."""
    fields = asdict(row.to_spec())
    return {"part": "spec", "of": of, "json_schema": fields.pop("schema"), **fields}


def staged_of(role: str, report: GateReport | None) -> StagedVersion | None:
    """Where a version was asked."""
    if report is None:
        return None
    benchmark = report.candidate if role == "candidate" else report.reference
    return benchmark.staged if benchmark else (report.staged if role == "candidate" else None)


def version(role: str, row: ModelVersion, staged: StagedVersion | None, deployment: Deployment) -> dict[str, Any]:
    """A version with the digests of what it is made of, and the server that it was asked through."""
    artifact = staged.artifact if staged else None
    names = ("format", "quantization", "digest", "adapter_digest")
    held = ("tag", "uploaded_digest", "layer_digest", "manifest_digest")
    return {
        "part": "version",
        "role": role,
        "tag": row.tag,
        "number": row.number,
        "method": row.method,
        "base": {"name": row.base.name, "revision": row.base.revision},
        "adapter_digest": row.adapter_digest,
        "artifact": {name: getattr(artifact, name) for name in names} if artifact else {},
        "staged": {name: getattr(staged, name) for name in held} if staged else {},
        "server": _server(staged, deployment) if staged else {},
        "asked": {"decoding": row.decoding, "held_to_schema": True, "system": row.system},
        "training": _training(row),
    }


def suite(row: Suite) -> dict[str, Any]:
    """The frozen cases, and which of the project's suites of their role they are."""
    number = Suite.objects.filter(project=row.project_id, role=row.role, pk__lte=row.pk).count()
    return {
        "part": "hard_suite" if row.is_hard else "suite",
        "uid": str(row.uid),
        "number": number,
        "digest": row.digest,
        "size": row.size,
        "left_out": row.left_out,
        "gone": row.gone,
    }


def policy(found: Policy) -> dict[str, Any]:
    """Every option of the gate, seed and draws among them."""
    return {"part": "policy", "policy": found.model_dump()}


def looks(report: GateReport) -> Iterator[dict[str, Any]]:
    """All looks of the project up to the one of this verdict; none where it had none."""
    look = report.look
    if look is None:
        return
    rows = Look.objects.filter(project=look.project_id, pk__lte=look.pk).order_by("pk")
    paid = GateReport.objects.filter(look=look).order_by("pk").first()
    for row in rows.select_related("version__project", "held_against__project", "suite").iterator(_CHUNK):
        yield {
            "part": "look",
            "version": row.version.tag,
            "suite": row.suite.digest,
            "held_against": row.held_against.tag if row.held_against else None,
            "level": row.level,
            "is_first": row.is_first,
            "units": row.units,
            "by": _paid_by(paid) if row.pk == look.pk and paid else None,
        }


def report(row: GateReport) -> dict[str, Any]:
    """The judgment with every figure, none rounded."""
    sides = {"candidate": row.candidate, "reference": row.reference}
    return {
        "part": "report",
        "uid": str(row.uid),
        "at": _at(row.created_at),
        "held_against": row.held_against.tag if row.held_against else None,
        "verdict": row.verdict,
        "sentence": row.sentence,
        "checks": row.checks,
        "told": row.told,
        "has_look": row.look_id is not None,
        "clears": row.clears,
        "figures": {role: benchmark.metrics for role, benchmark in sides.items() if benchmark},
    }


def _server(staged: StagedVersion, deployment: Deployment) -> dict[str, str]:
    """Its version is the one that the version was proven on there, where that is known."""
    proofs = ParityReport.objects.filter(
        version=staged.version_id, server=staged.server, created_at__lte=deployment.created_at
    )
    known = proofs.exclude(server_version="").values_list("server_version", flat=True).first()
    return {"name": staged.server.name, "kind": staged.server.kind, "version": known or staged.server.version}


def _training(row: ModelVersion) -> dict[str, Any] | None:
    run = row.trained_by
    if run is None:
        return None
    config = jsonl.dumps(run.config, sort_keys=True).encode()
    return {
        "run": str(run.uid),
        "seed": run.config.get("seed"),
        "config_digest": hashlib.sha256(config).hexdigest(),
        "snapshot_digest": run.snapshot.digest,
        "rows": {"train": run.snapshot.train_rows, "validation": run.snapshot.validation_rows},
        "environment": run.environment,
    }


def _paid_by(report: GateReport) -> dict[str, float]:
    """The policy as it was when the look was paid for: that of the first report on it."""
    found = Policy(**report.policy)
    names = ("confidence", "error_budget", "budget_rounds")
    return {name: getattr(found, name) for name in names}


def _at(when: datetime | None) -> str:
    return when.isoformat() if when else ""


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
