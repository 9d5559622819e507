"""How people are to decide: a project's guideline, in versions that are never edited."""

from django.conf import settings
from django.db import models

from labeling.models.base import PublicModel
from labeling.models.projects import Project


class Guideline(PublicModel):
    """One version of a guideline, in Markdown. The highest number is in force; an empty text takes it away."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="guidelines_are_numbered")]

    def __str__(self) -> str:
        return f"{self.project.key} guideline {self.number}"
