"""Retrainings by several methods at once: one candidate comes of each."""

from typing import Any

from django.conf import settings
from django.db import models

from labeling.models import Project, PublicModel
from training.models.snapshots import Snapshot


class TrainingRound(PublicModel):
    """Runs of several methods on one snapshot. The best of them is the candidate; the others stand beside it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="rounds")
    trigger = models.CharField(max_length=10)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    margin = models.FloatField(help_text="As the policy said it when the round began.")
    left_out = models.JSONField(default=list, help_text="Sentences on listed methods that could not be started.")
    # What it counted of the project's golden samples where the trigger started it; given back where no run succeeds.
    counted_from = models.BigIntegerField(null=True, editable=False)
    counted_to = models.BigIntegerField(null=True, editable=False)
    candidate = models.ForeignKey("TrainingRun", null=True, on_delete=models.PROTECT, related_name="+")
    verdict = models.JSONField(
        default=dict, help_text="The figures on the shared validation rows, and what was chosen."
    )
    settled_at = models.DateTimeField(null=True, help_text="When its candidate was chosen, or no run was left.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.project.key} round {self.short}"

    @property
    def short(self) -> str:
        """How people name the round: the start of its public id."""
        return str(self.uid)[:8]

    @property
    def state(self) -> str:
        """`open` while runs are waited for, `settled` with a candidate, `failed` where no run succeeded."""
        if self.candidate_id is not None:
            return "settled"
        return "failed" if self.settled_at else "open"

    def part_of(self, run: Any) -> dict[str, Any]:
        """What the verdict says of one of its runs; empty before there is one."""
        return dict(self.verdict.get("runs", {}).get(str(run.uid), {}))
