"""Versions on their way to servers and there, and the evidence that they are what was trained."""

from django.conf import settings
from django.db import models

from deployment.models.artifacts import Artifact
from deployment.models.querysets import StagedVersionQuerySet
from deployment.models.servers import InferenceServer
from labeling.models import PublicModel
from training.models import ModelVersion


class Verdict(models.TextChoices):
    BASELINE = "baseline"
    PASSED = "passed"
    REFUSED = "refused"
    INSUFFICIENT = "insufficient"


class StagedVersion(PublicModel):
    """A version on a server under its immutable tag, with the gate's verdict.

    `artifact` is the file that it is there; None for a model of the server's own catalogue.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        STAGING = "staging"
        STAGED = "staged"
        FAILED = "failed"
        REMOVED = "removed"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="staged")
    artifact = models.ForeignKey(Artifact, null=True, on_delete=models.RESTRICT, related_name="staged")
    server = models.ForeignKey(InferenceServer, on_delete=models.PROTECT, related_name="staged")
    tag = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    uploaded_percent = models.PositiveSmallIntegerField(default=0, help_text="Of the file, while it is uploaded.")
    uploaded_digest = models.CharField(max_length=80, blank=True)
    layer_digest = models.CharField(max_length=80, blank=True)
    manifest_digest = models.CharField(max_length=80, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    verdict_sentence = models.TextField(blank=True)
    verdict_report = models.JSONField(default=dict)
    held_against = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="What the verdict compares it with: it says nothing about another version that is live.",
    )
    gate_report = models.UUIDField(null=True, blank=True, help_text="The gate report that the verdict comes from.")
    judged_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    staged_at = models.DateTimeField(null=True)

    objects = StagedVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["version", "server"], name="staged_once_per_server")]

    def __str__(self) -> str:
        return f"{self.version} on {self.server}"

    @property
    def digest(self) -> str:
        """SHA-256 of what it is made of: the file, or the catalogue's model by its manifest."""
        return self.artifact.digest if self.artifact else self.version.base.revision

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of its own tokenizer; of a catalogue's model none are known, and the generous list must do."""
        return tuple(self.artifact.marks) if self.artifact else ()

    @property
    def bytes(self) -> int:
        """The size of what it is made of; 0 where nobody says."""
        return (self.artifact.bytes if self.artifact else self.version.base.served_bytes) or 0


class ParityReport(PublicModel):
    """Evidence that what is served is what was trained; one row per question asked, never edited."""

    class Question(models.TextChoices):
        TOKENS = "tokens", "Token ids: GGUF against the training tokenizer"
        SERVER = "server", "Rendered prompts and token counts on the server"
        ANSWERS = "answers", "Greedy answers: server against the merged 16-bit model"
        HEAD = "head", "Answers and probabilities: against the fitted head"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="parity_reports")
    artifact = models.ForeignKey(
        Artifact,
        null=True,
        on_delete=models.CASCADE,
        related_name="parity_reports",
        help_text="The file asked.",
    )
    server = models.ForeignKey(InferenceServer, null=True, on_delete=models.SET_NULL, related_name="parity_reports")
    server_version = models.CharField(max_length=60, blank=True)
    question = models.CharField(max_length=10, choices=Question.choices)
    ok = models.BooleanField(null=True, help_text="Unknown where the figure is only reported.")
    checked = models.PositiveIntegerField()
    agreed = models.PositiveIntegerField()
    bound = models.FloatField(null=True, help_text="Upper confidence bound of the agreement.")
    limit = models.FloatField(null=True, help_text="What the policy asked of the bound.")
    trap = models.CharField(max_length=20, blank=True, help_text="The known mistake that it most looks like.")
    sentence = models.TextField()
    differences = models.JSONField(default=list, help_text="The first differences.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version} {self.question}: {self.sentence}"


class VersionPin(PublicModel):
    """A version that retention must keep, and why."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="pin")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.version} is kept: {self.reason}"
