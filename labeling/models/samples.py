"""Texts to be reviewed, and the files they came in."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from labeling.kinds import Input, whole
from labeling.models.base import Described, PublicModel
from labeling.models.digests import FORGET_VECTORS, TextDigest
from labeling.models.projects import Project, TaskSpec
from labeling.querysets import MustPassQuerySet, SampleQuerySet
from labeling.ways import Stream, WayIn


class Split(models.TextChoices):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class SampleState(models.TextChoices):
    PENDING = "pending", "To review"
    GOLDEN = "golden", "Golden"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ImportBatch(PublicModel):
    """One imported file: progress while it runs, a report of bad rows at its end."""

    class State(models.TextChoices):
        DRAFT = "draft", "Not started"
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/", blank=True)
    options = models.JSONField(default=dict, help_text="Format, column mapping, separator, which rows bring answers.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    bytes_total = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    golden = models.PositiveIntegerField(default=0)
    predictions = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    bad_rows = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was first asked to bring its rows in, not only to try."
    )
    is_trial = models.BooleanField(default=False, help_text="Counts what would come in, and brings nothing in.")
    notes = models.JSONField(default=list, help_text="What somebody should know of it, in sentences.")
    report = models.FileField(upload_to="reports/", blank=True, help_text="Line number and reason of each bad row.")
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "import"

    def __str__(self) -> str:
        return f"{self.name} into {self.project.key}"

    @property
    def is_open(self) -> bool:
        """It waits, or a worker is at it."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class Sample(Described, PublicModel):
    """What is asked about. Its split comes from its near-duplicate group at import and never changes."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="samples")
    batch = models.ForeignKey(ImportBatch, null=True, on_delete=models.SET_NULL, related_name="samples")
    text = models.TextField(help_text="What is hashed, searched and shown in a line.")
    input = models.JSONField(null=True, editable=False, help_text="All that is asked about, where that is more.")
    content_hash = models.CharField(max_length=64)
    text_digest = models.GeneratedField(
        expression=TextDigest("text"), output_field=models.BinaryField(max_length=32), db_persist=True
    )
    group_hash = models.CharField(max_length=64)
    split = models.CharField(max_length=10, choices=Split.choices)
    way_in = models.CharField(max_length=10, choices=WayIn.choices, editable=False)
    state = models.CharField(max_length=10, choices=SampleState.choices, default=SampleState.PENDING)
    is_audit = models.BooleanField(
        default=False, editable=False, help_text="Drawn by chance to audit what is accepted: answered blind."
    )
    stream = models.CharField(
        max_length=8, choices=Stream.choices, blank=True, editable=False, help_text="What first gave it out to review."
    )
    # Review order: lowest rank first. A skip sends the sample to the back by raising its rank.
    rank = models.BigIntegerField(default=0)
    lease_user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    lease_until = models.DateTimeField(null=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "content_hash"], name="one_sample_per_text"),
            models.CheckConstraint(condition=Q(way_in__in=WayIn.values), name="way_in_is_known"),
        ]
        indexes = [
            models.Index(fields=["project", "rank", "id"], condition=Q(state="pending"), name="review_queue"),
            # Few of a million texts are, and none of them may be left.
            models.Index(
                fields=["project", "split", "rank", "id"],
                condition=Q(state="pending", split__in=["test", "validation"]),
                name="queue_outside_training",
            ),
            models.Index(fields=["project", "group_hash"], name="near_duplicates"),
            models.Index(fields=["project", "external_id"], name="external_ids"),
            models.Index(fields=["text_digest"], name="samples_of_a_text"),
            GinIndex(fields=["tags"], opclasses=["jsonb_path_ops"], name="samples_by_tag"),
        ]
        # In the transaction that removes it: a vector tells of its text.
        triggers = [FORGET_VECTORS]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def whole_input(self) -> Input:
        """What the project's kind asks about."""
        return whole(self.text, self.input)

    @property
    def is_blind(self) -> bool:
        """A test text, or an audit, without its answer: what models say is shown to nobody who might give that."""
        return self.is_answered_blind and self.state in (SampleState.PENDING, SampleState.WITHDRAWN)

    @property
    def is_answered_blind(self) -> bool:
        """A test text judges versions, an audit what is accepted: neither answer may lean on a model's."""
        return self.split == Split.TEST or self.is_audit


class Withdrawal(PublicModel):
    """A manager took a sample out of every use, or (`restores`) brought it back. Never edited."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="withdrawals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    was = models.CharField(max_length=10, choices=SampleState.choices, help_text="The state that the sample was in.")
    restores = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="restored_by")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.sample_id} {'brought back' if self.restores_id else 'withdrawn'}"


class MustPass(PublicModel):
    """A manager says that no version may lose this test text, or (`lifts`) takes that back. Never edited."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="must_passes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    lifts = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="lifted_by")

    objects = MustPassQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "must-passes"

    def __str__(self) -> str:
        return f"{self.sample_id} {'may fail again' if self.lifts_id else 'must pass'}"


__all__ = ["ImportBatch", "MustPass", "Sample", "SampleState", "Split", "TaskSpec", "Withdrawal"]
