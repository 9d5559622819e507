"""Benchmarks with every case's trace, the gate's policy, looks and reports."""

from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from common.options import OptionsError, checked
from deployment.models import StagedVersion, Verdict
from evaluation import gate
from evaluation.models.suites import Suite, SuiteCase
from labeling.models import ParseStatus, Project, PublicModel
from training.models import ModelVersion, Snapshot

__all__ = ["BaselineResult", "Benchmark", "CaseResult", "GatePolicy", "GateReport", "Look", "Suite", "SuiteCase"]


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
    answers = models.JSONField(null=True, help_text="To each case of the suite, in order. Empty where none were kept.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["suite", "snapshot", "name"], name="one_baseline_each")]

    def __str__(self) -> str:
        return self.name


class GatePolicy(PublicModel):
    """What a version must show before it may serve. `evaluation.gate.Policy` says what each number may be."""

    is_setup = True  # goes with a project that is deleted

    OPTIONS = (
        "minimum", "margin", "accept_tie", "psr_tolerance", "min_cases", "free_cases", "confidence", "error_budget",
        "budget_rounds", "hard_margin", "neighbours_refuse", "latency_ratio",
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
    confidence = models.FloatField(default=0.95, help_text="Of each one-sided test and of intervals: 0.5 to 0.999.")
    error_budget = models.FloatField(
        default=0.05, help_text="Chance that the gate promotes by itself what is no better, over all those rounds."
    )
    budget_rounds = models.PositiveIntegerField(default=20, help_text="Judged rounds that the budget is for.")
    hard_margin = models.FloatField(
        default=0.05, help_text="Refused where more than this is shown to be lost on the hard cases (0 to 1)."
    )
    neighbours_refuse = models.BooleanField(default=False, help_text="Refuse where a neighbour is shown to be better.")
    latency_ratio = models.FloatField(null=True, blank=True, help_text="At most so many times as slow; empty: any.")

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
                    hard_margin__range=(0, 1),
                )
                & (Q(latency_ratio=None) | Q(latency_ratio__range=(0.01, 100))),
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
    hard = models.ForeignKey(
        Benchmark, null=True, on_delete=models.CASCADE, related_name="hard_reports", help_text="On the hard cases."
    )
    hard_reference = models.ForeignKey(Benchmark, null=True, on_delete=models.CASCADE, related_name="+")
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
