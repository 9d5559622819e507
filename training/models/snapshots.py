"""The golden samples as they were when a run began."""

from django.db import models

from labeling.models import Project, PublicModel, TaskSpec


class Snapshot(PublicModel):
    """A frozen, hashed export of the golden samples. The same samples give the same digest, and the same row."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="snapshots")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    folder = models.CharField(max_length=500, help_text="Relative to the snapshots folder.")
    train_rows = models.PositiveIntegerField()
    validation_rows = models.PositiveIntegerField()
    test_rows = models.PositiveIntegerField()
    left_out = models.JSONField(
        default=dict, help_text="Approved answers that do not fit the spec: how many, by reason."
    )
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="one_snapshot_per_digest")]

    def __str__(self) -> str:
        return f"{self.project.key} {self.short}"

    @property
    def short(self) -> str:
        """The start of the digest, enough to tell snapshots apart."""
        return self.digest[:12]

    @property
    def left_out_total(self) -> int:
        """How many approved answers did not fit the spec."""
        return sum(self.left_out.values())
