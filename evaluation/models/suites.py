"""Suites of frozen cases: those that chance drew, and the hard ones."""

from django.db import models

from labeling.kinds import Input, whole
from labeling.models import Hard, Project, PublicModel, Sample, TaskSpec


class Suite(PublicModel):
    """Frozen cases from the test split. The same cases give the same digest, and the same row."""

    class Role(models.TextChoices):
        GATE = "gate", "Drawn by chance: carries the figures"
        HARD = "hard", "Hard cases: may refuse, and never promotes"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="suites")
    role = models.CharField(max_length=4, choices=Role.choices, default=Role.GATE)
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    left_out = models.JSONField(
        default=dict, help_text="Approved answers of the test split that are no cases: how many, by reason."
    )
    about = models.JSONField(
        default=dict, help_text="How many were answered blind, how many skipped, how near training texts are."
    )
    gone = models.JSONField(default=list, help_text="Ids of labels that had been removed or merged by then.")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "role", "digest"], name="one_suite_per_digest")]

    def __str__(self) -> str:
        name = "hard suite" if self.is_hard else "suite"
        return f"{self.project.key} {name} {self.digest[:8]} ({self.size} cases)"

    @property
    def is_hard(self) -> bool:
        """It may refuse a version, and its figures promote none."""
        return self.role == self.Role.HARD


class SuiteCase(PublicModel):
    """One text with its right answer, as it was when the suite was frozen."""

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="cases")
    position = models.PositiveIntegerField()
    sample = models.ForeignKey(Sample, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField()
    input = models.JSONField(null=True, help_text="All that is asked about, where that is more than the text.")
    expected = models.JSONField()
    group = models.PositiveIntegerField(
        null=True, help_text="Near-duplicates share one: they count as one unit. Empty in suites of before."
    )
    reasons = models.JSONField(default=list, help_text="Why it is a hard case; empty where chance drew it.")

    class Meta:
        ordering = ["suite", "position"]
        constraints = [models.UniqueConstraint(fields=["suite", "position"], name="cases_are_numbered")]

    def __str__(self) -> str:
        return f"case {self.position}"

    @property
    def whole_input(self) -> Input:
        """What the version is asked about."""
        return whole(self.text, self.input)

    @property
    def must_pass(self) -> bool:
        """A manager marked its text: no version may lose it."""
        return Hard.MUST_PASS in self.reasons

    @property
    def whys(self) -> list[str]:
        """Why it is a hard case, in words."""
        return [str(Hard(reason).label) for reason in self.reasons]
