"""Suites, benchmarks with every case's trace, and the gate's reports."""

from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from common.options import OptionsError, checked
from deployment.models import StagedVersion, Verdict
from evaluation import gate
from labeling.kinds import Input, whole
from labeling.models import ParseStatus, Project, PublicModel, Sample, TaskSpec
from training.models import ModelVersion, Snapshot


class Suite(PublicModel):
    """Frozen cases from the test split. The same cases give the same digest, and the same row."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="suites")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    left_out = models.JSONField(
        default=dict, help_text="Approved answers of the test split that are no cases: how many, by reason."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="one_suite_per_digest")]

    def __str__(self) -> str:
        return f"{self.project.key} suite {self.digest[:8]} ({self.size} cases)"


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

    class Meta:
        ordering = ["suite", "position"]
        constraints = [models.UniqueConstraint(fields=["suite", "position"], name="cases_are_numbered")]

    def __str__(self) -> str:
        return f"case {self.position}"

    @property
    def whole_input(self) -> Input:
        """What the version is asked about."""
        return whole(self.text, self.input)


class Benchmark(PublicModel):
    """One version asked all cases of a suite, through the server that serves it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    class Decoding(models.TextChoices):
        SERVED = "served", "As served (held to the schema)"
        FREE = "free", "Free (without the schema)"

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="benchmarks")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="benchmarks")
    staged = models.ForeignKey(StagedVersion, on_delete=models.CASCADE, related_name="benchmarks")
    decoding = models.CharField(max_length=8, choices=Decoding.choices, default=Decoding.SERVED)
    cases = models.PositiveIntegerField(help_text="How many cases of the suite, from its start.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    done = models.PositiveIntegerField(default=0)
    metrics = models.JSONField(default=dict)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["suite", "staged", "decoding"], name="benchmarked_once_per_decoding")
        ]

    def __str__(self) -> str:
        return f"{self.version} on {self.suite} ({self.decoding})"


class CaseResult(PublicModel):
    """The trace of one case: what was asked, what came back, how it scored."""

    benchmark = models.ForeignKey(Benchmark, on_delete=models.CASCADE, related_name="results")
    case = models.ForeignKey(SuiteCase, on_delete=models.CASCADE, related_name="results")
    messages = models.JSONField()
    raw = models.TextField()
    answer = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=ParseStatus.choices)
    reason = models.TextField(blank=True)
    exact = models.BooleanField()
    scores = models.JSONField(default=dict)
    latency_ms = models.FloatField()
    confidence = models.FloatField(null=True, help_text="Of the whole answer, as the model has it; 0 to 1.")

    class Meta:
        ordering = ["benchmark", "case__position"]
        constraints = [models.UniqueConstraint(fields=["benchmark", "case"], name="one_result_per_case")]

    def __str__(self) -> str:
        return f"{self.benchmark_id}/{self.case_id}"


class BaselineResult(PublicModel):
    """A simple method on the same cases, trained on the same golden samples as a version."""

    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="baselines")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="baselines")
    name = models.CharField(max_length=30)
    metrics = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["suite", "snapshot", "name"], name="one_baseline_each")]

    def __str__(self) -> str:
        return self.name


class GatePolicy(PublicModel):
    """What a version must show before it may serve. `evaluation.gate.Policy` says what each number may be."""

    OPTIONS = (
        "minimum", "margin", "accept_tie", "psr_tolerance", "min_cases", "free_cases", "confidence", "error_budget",
        "budget_rounds",
    )  # fmt: skip

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="gate_policy")
    minimum = models.FloatField(default=0.3, help_text="The main figure's lower end must reach this (0 to 1).")
    margin = models.FloatField(default=0.0, help_text="The version must be shown to be better by more (0 to 1).")
    accept_tie = models.BooleanField(
        default=False, help_text="Let a version pass that is shown to be worse by less than the margin."
    )
    psr_tolerance = models.FloatField(default=0.0, help_text="How much parsing success rate may be lost (0 to 1).")
    min_cases = models.PositiveIntegerField(default=30)
    free_cases = models.PositiveIntegerField(default=50, help_text="Cases also asked without the schema; 0: none.")
    confidence = models.FloatField(
        default=0.95, help_text="Of each one-sided test and of intervals: 0.5 to 0.999, such as 0.95 for 95 %."
    )
    error_budget = models.FloatField(
        default=0.05, help_text="Chance that the gate promotes by itself what is no better, over all those rounds."
    )
    budget_rounds = models.PositiveIntegerField(default=20, help_text="Judged rounds that the budget is for.")

    class Meta:
        verbose_name_plural = "gate policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    minimum__range=(0, 1),
                    margin__range=(0, 1),
                    psr_tolerance__range=(0, 1),
                    confidence__range=(0.5, 0.999),
                    error_budget__range=(0.0001, 0.5),
                    budget_rounds__range=(1, 1000),
                ),
                name="gate_policies_are_in_range",
                violation_error_message="A number of the gate's policy is out of its range.",
            )
        ]

    def __str__(self) -> str:
        return f"gate of {self.project.key}"

    @property
    def options(self) -> dict[str, Any]:
        """As the pure gate takes them."""
        return {name: getattr(self, name) for name in self.OPTIONS}

    def clean(self) -> None:
        """Each number within its range."""
        try:
            checked(gate.Policy, self.options)
        except OptionsError as error:
            raise ValidationError({name or "__all__": said for name, said in error.problems.items()}) from error


class Look(PublicModel):
    """A look of the automatic gate at a candidate, with the level that it spent of the project's error budget.

    One per version, cases and reference, written before its outcome is known; never changed.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="looks")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="looks")
    suite = models.ForeignKey(Suite, on_delete=models.CASCADE, related_name="looks")
    held_against = models.ForeignKey(ModelVersion, null=True, on_delete=models.CASCADE, related_name="+")
    level = models.FloatField(help_text="How probable it may be that this look promotes what is no better.")
    is_first = models.BooleanField(help_text="The first at this version: a round began.")
    units = models.PositiveIntegerField(help_text="Cases shared, groups of near-duplicates counted once.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "suite", "held_against"], nulls_distinct=False, name="one_look_each"
            )
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.version} on {self.suite}: {self.level:.4f}"


class GateReport(PublicModel):
    """The gate's judgment of one staged version, with every check and its numbers."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="gate_reports")
    staged = models.ForeignKey(StagedVersion, on_delete=models.CASCADE, related_name="gate_reports")
    candidate = models.ForeignKey(Benchmark, null=True, on_delete=models.CASCADE, related_name="gate_reports")
    reference = models.ForeignKey(Benchmark, null=True, on_delete=models.CASCADE, related_name="+")
    held_against = models.ForeignKey(
        ModelVersion,
        null=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="The version that it was held against, benchmarked or not; empty where there was none.",
    )
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    sentence = models.TextField()
    checks = models.JSONField(default=list)
    policy = models.JSONField(default=dict)
    told = models.JSONField(default=dict, help_text="The difference, its test, the advice, and what the look spent.")
    look = models.ForeignKey(Look, null=True, on_delete=models.CASCADE, related_name="reports")
    clears = models.BooleanField(default=False, help_text="The gate may promote by itself on this judgment.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.staged.version}: {self.verdict}"
