"""The gate's verdict, written down by the floor above, and whether it still speaks of what is live."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from common.actor import system
from deployment.models import StagedVersion, Verdict
from labeling.services import events
from training.models import ModelVersion


@transaction.atomic
def record_verdict(
    staged: StagedVersion,
    *,
    verdict: str,
    sentence: str,
    report: dict[str, Any],
    held_against: ModelVersion | None = None,
    gate_report: UUID | None = None,
) -> StagedVersion:
    """Keep the newest verdict on the staged version; every report stays with evaluation. `ValueError` if unknown.

    `held_against` is the version that the judgment compared it with, None where there was none.
    """
    StagedVersion.objects.filter(pk=staged.pk).update(
        verdict=Verdict(verdict),
        verdict_sentence=sentence,
        verdict_report=report,
        held_against=held_against,
        gate_report=gate_report,
        judged_at=timezone.now(),
    )
    after = {
        "server": staged.server.uid,
        "verdict": verdict,
        "held_against": held_against.uid if held_against else None,
        "gate_report": gate_report,
    }
    events.record(system("gate"), "version.judged", staged.version, before={"verdict": staged.verdict}, after=after)
    staged.refresh_from_db()
    return staged


def no_verdict() -> dict[str, Any]:
    """The fields of a version that is to be judged anew."""
    return {
        "verdict": "",
        "verdict_sentence": "",
        "verdict_report": {},
        "held_against": None,
        "gate_report": None,
        "judged_at": None,
    }


def is_reference(held_against: ModelVersion | None, live: ModelVersion | None) -> bool:
    """Whether what a version was held against is what it has to beat while `live` serves.

    While nothing is live, that is the baseline, or nothing.
    """
    if live is None:
        return held_against is None or held_against.number == 0
    return held_against is not None and held_against.pk == live.pk


def staleness(staged: StagedVersion, live: ModelVersion | None) -> str:
    """Why a pass says nothing about what is live now; empty where it does, and for what did not pass.

    The live version's own pass is the one that made it live.
    """
    if staged.verdict != Verdict.PASSED or (live is not None and live.pk == staged.version_id):
        return ""
    if is_reference(staged.held_against, live):
        return ""
    now = f"{live} is live now" if live else "nothing is live now"
    if staged.held_against is None:
        return f"Held against no version, and {now}. Judge it again."
    return f"Passed against {staged.held_against}, which is no longer live: {now}. Judge it again."


def speaks_for(staged: StagedVersion, live: ModelVersion | None) -> bool:
    """Whether the verdict alone may put the version in the place of `live`: it passed against it, or is the first."""
    if staged.verdict == Verdict.BASELINE:
        return live is None
    return staged.verdict == Verdict.PASSED and is_reference(staged.held_against, live)


def gate_evidence(staged: Iterable[StagedVersion]) -> dict[str, Any]:
    """The gate's figures as they go into the Modelfile's comments and the history."""
    row = next(iter(staged), None)
    if row is None:
        return {}
    figures = {
        name: value
        for name, value in row.verdict_report.items()
        if isinstance(value, int | float | str) and name not in ("verdict", "sentence")
    }
    against = {"held against": row.held_against.tag} if row.held_against else {}
    return {"verdict": row.verdict or "none", "gate": row.verdict_sentence, **against, **figures}


def reports_behind(staged: Iterable[StagedVersion]) -> dict[str, Any]:
    """The gate's reports that the verdicts come from, that of `gate_evidence` first."""
    reports = [str(row.gate_report) for row in staged if row.gate_report]
    return {"gate_reports": reports} if reports else {}
