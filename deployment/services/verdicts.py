"""The gate's verdict, written down by the floor above."""

from typing import Any

from django.utils import timezone

from deployment.models import StagedVersion, Verdict


def record_verdict(staged: StagedVersion, *, verdict: str, sentence: str, report: dict[str, Any]) -> StagedVersion:
    """Keep the newest verdict on the staged version; every report stays with evaluation. `ValueError` if unknown."""
    StagedVersion.objects.filter(pk=staged.pk).update(
        verdict=Verdict(verdict), verdict_sentence=sentence, verdict_report=report, judged_at=timezone.now()
    )
    staged.refresh_from_db()
    return staged
