"""Files that a project's texts are written into."""

from django.conf import settings
from django.db import models

from labeling.models.base import PublicModel
from labeling.models.projects import Project, TaskSpec


class Export(PublicModel):
    """One file of a project's texts as they were at `as_of`: progress while it is written, kept for some days."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"
        REMOVED = "removed", "File removed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="exports")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+", help_text="In whose labels it is.")
    format = models.CharField(max_length=30)
    filters = models.JSONField(default=dict, help_text="Which texts; empty: all that are not withdrawn.")
    as_of = models.DateTimeField(help_text="Texts, answers and history of until then.")
    test_answers = models.BooleanField(default=False, help_text="With the answers of the test split.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, help_text="Texts to look at.")
    done = models.PositiveIntegerField(default=0, help_text="Of these looked at.")
    rows = models.PositiveIntegerField(default=0, help_text="Rows written.")
    left_out = models.JSONField(default=dict, help_text="Texts that the filters want and the file has not, by reason.")
    bytes = models.BigIntegerField(default=0, help_text="Of the file, as far as `position`.")
    position = models.BigIntegerField(default=0, editable=False, help_text="The last sample that was looked at.")
    file = models.FileField(upload_to="exports/", blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.format} of {self.project.key}"

    @property
    def is_open(self) -> bool:
        """It waits, or a worker is at it."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def is_whole(self) -> bool:
        """There is a file to download."""
        return self.state == self.State.SUCCEEDED and bool(self.file)

    @property
    def left_out_rows(self) -> int:
        """How many texts the format could not hold."""
        return sum(self.left_out.values())
