"""Proofs as rows: one for each time a question was asked, never edited."""

from typing import Any

from django.db import transaction

from common import actor as actors
from deployment.models import ParityReport, ServingPolicy, StagedVersion
from labeling.services import events
from training.models import ModelVersion

_PROVER = actors.system("proof")


def keep_on_server(staged: StagedVersion, server_version: str, question: str, **figures: Any) -> ParityReport:
    """The outcome of asking a server."""
    return keep(
        version=staged.version,
        artifact=staged.artifact,
        server=staged.server,
        server_version=server_version,
        question=question,
        **figures,
    )


@transaction.atomic
def keep(version: ModelVersion, **values: Any) -> ParityReport:
    """A row, and the event that tells of it."""
    report = ParityReport.objects.create(version=version, **values)
    figures = {name: getattr(report, name) for name in ("question", "ok", "checked", "agreed", "trap")}
    server = report.server.uid if report.server else None
    events.record(_PROVER, "version.proven", version, after={"report": report.uid, "server": server, **figures})
    return report


def agreement_asked(version: ModelVersion) -> float:
    """What the serving policy asks of the agreement's upper confidence bound."""
    policy = ServingPolicy.of(version.project_id) or ServingPolicy()
    return policy.answer_agreement
