"""Vectors of texts, how far a project's are, and which of its texts are nearly alike."""

from django.db import models

from labeling.models.base import PublicModel
from labeling.models.projects import Project
from labeling.models.samples import Sample


class TextVector(models.Model):
    """What a sentence encoder makes of one text, whatever projects have it. It goes with the text's last sample."""

    digest = models.BinaryField(max_length=32, help_text="`Sample.text_digest`.")
    revision = models.CharField(max_length=64, help_text="`EncoderRecord.key`.")
    dimension = models.PositiveSmallIntegerField()
    vector = models.BinaryField(help_text="So many numbers of 16 bits, little-endian; its length is one.")
    is_cut = models.BooleanField(help_text="The text was longer than the encoder reads.")
    is_unknown = models.BooleanField(help_text="Most of the text is in characters that the encoder does not know.")

    class Meta:
        # With what is counted, so that counting a million reads the index alone.
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "revision"], include=["is_cut", "is_unknown"], name="one_vector_per_text_and_key"
            )
        ]
        indexes = [models.Index(fields=["revision"], name="vectors_of_an_encoder")]

    def __str__(self) -> str:
        return f"{self.dimension} numbers by {self.revision[:12]}"


class VectorSet(models.Model):
    """How far the vectors of a project's samples are. Made by the sweep, worked on under a lease."""

    is_setup = True  # goes with a project that is deleted

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WORKING = "working", "Being made"
        WHOLE = "whole", "Whole"
        FAILED = "failed", "Failed"

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="vectors")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    encoder = models.CharField(max_length=200, blank=True, help_text="The name of the one that is at work, or was.")
    revision = models.CharField(max_length=64, blank=True, help_text="`EncoderRecord.key` of the vectors used.")
    making = models.CharField(max_length=64, blank=True, help_text="Of the one whose vectors are to take their place.")
    total = models.PositiveIntegerField(default=0, help_text="Samples, when they were counted last.")
    done = models.PositiveIntegerField(default=0, help_text="Of these with a vector.")
    cut = models.PositiveIntegerField(default=0, help_text="Of these longer than the encoder reads.")
    unknown = models.PositiveIntegerField(default=0, help_text="Of these mostly in characters that it does not know.")
    last_sample = models.BigIntegerField(default=0, help_text="The newest sample when they were counted last.")
    indexed = models.PositiveIntegerField(default=0, help_text="Vectors in the index of nearest neighbours.")
    error = models.TextField(blank=True, help_text="Why nothing goes on, and what to do.")
    ended_at = models.DateTimeField(null=True, help_text="When a worker left it last.")
    ticket = models.UUIDField(null=True, editable=False, help_text="Of the message that no worker took yet.")
    queued_at = models.DateTimeField(null=True, editable=False, help_text="When it was sent last.")
    generation = models.PositiveIntegerField(default=0, help_text="Of the near-duplicates that are shown.")
    building = models.PositiveIntegerField(default=0, help_text="Of those that are to take their place.")

    def __str__(self) -> str:
        return f"{self.done} of {self.total} vectors of {self.project.key}"


class AlikeGroup(PublicModel):
    """Texts of a project that are nearly alike, each to at least one other of the group."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="alike_groups")
    generation = models.PositiveIntegerField(default=0, help_text="Made anew with the index of nearest neighbours.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"group {self.pk} of {self.project.key}"


class AlikeText(models.Model):
    """One text of such a group. `likeness`: the cosine to the nearest text of the group, at most 1."""

    group = models.ForeignKey(AlikeGroup, on_delete=models.CASCADE, related_name="texts")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="alike")
    generation = models.PositiveIntegerField(default=0, help_text="Of its group.")
    likeness = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "generation"], name="one_group_per_text")]

    def __str__(self) -> str:
        return f"{self.sample_id} in group {self.group_id}"
