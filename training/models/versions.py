"""The versions of a project's model."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models

from labeling.models import Project, PublicModel, TaskSpec
from training.methods import HEADS
from training.models.bases import BaseModel
from training.models.runs import TrainingRun
from training.server_names import server_tag


class ImmutableError(Exception):
    """A version was to be changed."""


class ModelVersion(PublicModel):
    """An immutable model of a project. Number 0 is its baseline, an untrained model.

    An edited version has the weights of the one it is derived from, and parameters or a SYSTEM of its own. The files
    that are made from it are the business of the floor that serves them.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(
        max_length=20, default="none", help_text="How its weights were made from the base's; none: they are the base's."
    )
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="versions")
    run = models.OneToOneField(TrainingRun, null=True, on_delete=models.PROTECT, related_name="version")
    derived_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="derived")
    parameters = models.JSONField(null=True, help_text="In place of the task's decoding; empty: as the task says.")
    system = models.TextField(null=True, help_text="The SYSTEM for outside clients; empty: the task's own prompt.")
    note = models.CharField(max_length=300, blank=True, help_text="Why it was made, where a person made it.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    adapter_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["project", "-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="versions_are_numbered")]
        # Of all its columns only the person who made it may go, with the account.
        triggers = [pgtrigger.ReadOnly(name="never_changes", exclude=["made_by"])]

    def __str__(self) -> str:
        return self.tag

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Make it. Raises `ImmutableError` where a version that exists would become another one."""
        if not self._state.adding:
            kept = type(self).objects.values().get(pk=self.pk)
            changed = [name for name, value in kept.items() if getattr(self, name) != value]
            if changed:
                raise ImmutableError(f"{self} never changes; this would change its {', '.join(changed)}.")
        super().save(*args, **kwargs)

    @property
    def tag(self) -> str:
        """The tag that predictions carry, such as `support-tags:v7`."""
        return f"{self.project.key}:v{self.number}"

    @property
    def server_tag(self) -> str:
        """The immutable tag on model servers."""
        return server_tag(self.tag)

    @property
    def weights(self) -> "ModelVersion":
        """The version whose weights these are: itself, unless it is an edited one."""
        return self.derived_from.weights if self.derived_from else self

    @property
    def is_head(self) -> bool:
        """A head on an encoder or on a language model: it gives labels probabilities, and is asked by no prompt."""
        return self.method in HEADS

    @property
    def head_told(self) -> dict[str, Any]:
        """What the fit measured of a head; empty of any other version."""
        run = self.trained_by if self.is_head else None
        return dict(run.metrics.get("head", {})) if run else {}

    @property
    def trained_by(self) -> TrainingRun | None:
        """The run that its weights come from; None for an untrained model."""
        return self.derived_from.trained_by if self.derived_from else self.run

    @property
    def origin(self) -> str:
        """Where it comes from, in a few words."""
        if self.derived_from:
            return f"{self.derived_from} with another Modelfile"
        if self.run:
            return f"trained on {self.run.snapshot.short}"
        return f"{self.base.server_name} of the servers' catalogue" if self.base.server_name else "bare base"

    @property
    def decoding(self) -> dict[str, Any]:
        """How it is asked: its own parameters, else the task's."""
        return dict(self.spec.decoding if self.parameters is None else self.parameters)
