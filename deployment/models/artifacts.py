"""The files that versions are served from, how each was built, and the proof that it is what was trained."""

from django.db import models
from django.utils import timezone

from deployment.models.formats import BUILD_TASKS, format_choices
from labeling.models import PublicModel
from training.models import ModelVersion


class Artifact(PublicModel):
    """A file made of a version's weights, in one format and form. Edited versions of these weights share it.

    How a model is asked is no part of it. A model of the servers' catalogues has none: the servers have it already.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "To be built"
        BUILDING = "building"
        BUILT = "built", "Built and proven"
        FAILED = "failed", "Build failed"
        REMOVED = "removed", "Removed by retention"

    weights = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="artifacts")
    format = models.CharField(max_length=20, choices=format_choices)
    quantization = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    wanted_at = models.DateTimeField(default=timezone.now, help_text="When somebody last asked for it.")
    path = models.CharField(max_length=500, blank=True, help_text="Its name in the storage of artifacts.")
    adapter_path = models.CharField(
        max_length=500,
        blank=True,
        help_text="The adapter's name there, where it is apart; the file is then its base.",
    )
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")
    adapter_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the adapter's file.")
    bytes = models.BigIntegerField(null=True)
    proof = models.JSONField(default=dict, help_text="What came of holding the file against what was trained.")
    marks = models.JSONField(
        default=list,
        help_text="Marks of its tokenizer that prompts break beside those that are always broken.",
    )
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["weights", "format", "quantization"], name="one_artifact_per_form")
        ]

    def __str__(self) -> str:
        return f"{self.weights} as {self.format} {self.quantization}"

    @property
    def build_task(self) -> str:
        """The message that has it built."""
        return BUILD_TASKS[self.format]

    @property
    def names(self) -> list[str]:
        """The names of its files; none where they were removed, or are not built yet."""
        return [name for name in (self.path, self.adapter_path) if name]


class BuildStep(PublicModel):
    """One step of the pipeline from adapter to file, as it went last for an artifact."""

    class Name(models.TextChoices):
        FETCH = "fetch", "fetch the base model"
        MERGE = "merge"
        CONVERT = "convert"
        BASE = "base", "convert the bare base"
        ADAPTER = "adapter", "convert the adapter"
        COMPOSE = "compose", "put encoder and head together"
        INSPECT = "inspect"
        PROVE = "prove"

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="build_steps")
    name = models.CharField(max_length=10, choices=Name.choices)
    key = models.CharField(max_length=64, help_text="SHA-256 of everything that the result follows from.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    reused = models.BooleanField(default=False, help_text="The same inputs had been worked on before.")
    seconds = models.FloatField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["artifact", "name"], name="one_row_per_build_step")]

    def __str__(self) -> str:
        return f"{self.artifact}: {self.name} ({self.state})"
