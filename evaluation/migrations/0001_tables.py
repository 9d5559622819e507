import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("deployment", "0001_tables"),
        ("labeling", "0001_tables"),
        ("training", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="GatePolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "minimum",
                    models.FloatField(default=0.3, help_text="The main figure's lower end must reach this (0 to 1)."),
                ),
                (
                    "margin",
                    models.FloatField(
                        default=0.0, help_text="The version must be shown to be better by more (0 to 1)."
                    ),
                ),
                (
                    "accept_tie",
                    models.BooleanField(
                        default=False, help_text="Let a version pass that is shown to be worse by less than the margin."
                    ),
                ),
                (
                    "psr_tolerance",
                    models.FloatField(default=0.0, help_text="How much parsing success rate may be lost (0 to 1)."),
                ),
                ("min_cases", models.PositiveIntegerField(default=30)),
                (
                    "free_cases",
                    models.PositiveIntegerField(default=50, help_text="Cases also asked without the schema; 0: none."),
                ),
                (
                    "confidence",
                    models.FloatField(
                        default=0.95,
                        help_text="Of each one-sided test and of intervals: 0.5 to 0.999.",
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gate_policy", to="labeling.project"
                    ),
                ),
                (
                    "hard_margin",
                    models.FloatField(
                        default=0.05,
                        help_text="Refused where more than this is shown to be lost on the hard cases (0 to 1).",
                    ),
                ),
                (
                    "budget_rounds",
                    models.PositiveIntegerField(default=20, help_text="Judged rounds that the budget is for."),
                ),
                (
                    "neighbours_refuse",
                    models.BooleanField(default=False, help_text="Refuse where a neighbour is shown to be better."),
                ),
                (
                    "latency_ratio",
                    models.FloatField(blank=True, help_text="At most so many times as slow; empty: any.", null=True),
                ),
                (
                    "error_budget",
                    models.FloatField(
                        default=0.05,
                        help_text="Chance that the gate promotes by itself what is no better, over all those rounds.",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "gate policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("budget_rounds__range", (1, 1000)),
                            ("confidence__range", (0.5, 0.999)),
                            ("error_budget__range", (0.0001, 0.5)),
                            ("hard_margin__range", (0, 1)),
                            ("margin__range", (0, 1)),
                            ("minimum__range", (0, 1)),
                            ("psr_tolerance__range", (0, 1)),
                            models.Q(("latency_ratio", None), ("latency_ratio__range", (0.01, 100)), _connector="OR"),
                        ),
                        name="gate_policies_are_in_range",
                        violation_error_message="A number of the gate's policy is out of its range.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Suite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("gate", "Drawn by chance: carries the figures"),
                            ("hard", "Hard cases: may refuse, and never promotes"),
                        ],
                        default="gate",
                        max_length=4,
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                (
                    "about",
                    models.JSONField(
                        default=dict,
                        help_text="How many were answered blind, how many skipped, how near training texts are.",
                    ),
                ),
                (
                    "gone",
                    models.JSONField(default=list, help_text="Ids of labels that had been removed or merged by then."),
                ),
                (
                    "left_out",
                    models.JSONField(
                        default=dict,
                        help_text="Approved answers of the test split that are no cases: how many, by reason.",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="suites", to="labeling.project"
                    ),
                ),
                (
                    "spec",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.taskspec"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "role", "digest"), name="one_suite_per_digest")
                ],
            },
        ),
        migrations.CreateModel(
            name="BaselineResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=30)),
                ("metrics", models.JSONField()),
                (
                    "answers",
                    models.JSONField(
                        help_text="To each case of the suite, in order. Empty where none were kept.", null=True
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="baselines", to="training.snapshot"
                    ),
                ),
                (
                    "suite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="baselines", to="evaluation.suite"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("suite", "snapshot", "name"), name="one_baseline_each")
                ],
            },
        ),
        migrations.CreateModel(
            name="SuiteCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("position", models.PositiveIntegerField()),
                ("text", models.TextField()),
                (
                    "input",
                    models.JSONField(help_text="All that is asked about, where that is more than the text.", null=True),
                ),
                ("expected", models.JSONField()),
                (
                    "sample",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="labeling.sample"
                    ),
                ),
                (
                    "suite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cases", to="evaluation.suite"
                    ),
                ),
                (
                    "reasons",
                    models.JSONField(default=list, help_text="Why it is a hard case; empty where chance drew it."),
                ),
                (
                    "group",
                    models.PositiveIntegerField(
                        help_text="Near-duplicates share one: they count as one unit. Empty in suites of before.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["suite", "position"],
                "constraints": [models.UniqueConstraint(fields=("suite", "position"), name="cases_are_numbered")],
            },
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "level",
                    models.FloatField(help_text="How probable it may be that this look promotes what is no better."),
                ),
                ("is_first", models.BooleanField(help_text="The first at this version: a round began.")),
                (
                    "units",
                    models.PositiveIntegerField(help_text="Cases shared, groups of near-duplicates counted once."),
                ),
                (
                    "held_against",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="labeling.project"
                    ),
                ),
                (
                    "suite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="evaluation.suite"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="training.modelversion"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "suite", "held_against"), name="one_look_each", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Benchmark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "decoding",
                    models.CharField(
                        choices=[("served", "As served (held to the schema)"), ("free", "Free (without the schema)")],
                        default="served",
                        max_length=8,
                    ),
                ),
                ("cases", models.PositiveIntegerField(help_text="How many cases of the suite, from its start.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                        ],
                        db_index=True,
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("metrics", models.JSONField(default=dict)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "staged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="benchmarks",
                        to="deployment.stagedversion",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="benchmarks",
                        to="training.modelversion",
                    ),
                ),
                (
                    "suite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="benchmarks", to="evaluation.suite"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("suite", "staged", "decoding"), name="benchmarked_once_per_decoding"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("messages", models.JSONField()),
                ("raw", models.TextField()),
                ("answer", models.JSONField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("strict", "Strict"), ("repaired", "Repaired"), ("failed", "Failed")], max_length=10
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("exact", models.BooleanField()),
                ("scores", models.JSONField(default=dict)),
                ("latency_ms", models.FloatField()),
                (
                    "confidence",
                    models.FloatField(help_text="Of the whole answer, as the model has it; 0 to 1.", null=True),
                ),
                (
                    "benchmark",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="results", to="evaluation.benchmark"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="results", to="evaluation.suitecase"
                    ),
                ),
            ],
            options={
                "ordering": ["benchmark", "case__position"],
                "constraints": [models.UniqueConstraint(fields=("benchmark", "case"), name="one_result_per_case")],
            },
        ),
        migrations.CreateModel(
            name="GateReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("baseline", "Baseline"),
                            ("passed", "Passed"),
                            ("refused", "Refused"),
                            ("insufficient", "Insufficient"),
                        ],
                        max_length=12,
                    ),
                ),
                ("sentence", models.TextField()),
                (
                    "hard",
                    models.ForeignKey(
                        help_text="On the hard cases.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hard_reports",
                        to="evaluation.benchmark",
                    ),
                ),
                (
                    "hard_reference",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="evaluation.benchmark",
                    ),
                ),
                ("checks", models.JSONField(default=list)),
                ("policy", models.JSONField(default=dict)),
                (
                    "candidate",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gate_reports",
                        to="evaluation.benchmark",
                    ),
                ),
                (
                    "held_against",
                    models.ForeignKey(
                        help_text="The version that it was held against, benchmarked or not; empty where there was none.",
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gate_reports", to="labeling.project"
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="evaluation.benchmark",
                    ),
                ),
                (
                    "staged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gate_reports",
                        to="deployment.stagedversion",
                    ),
                ),
                (
                    "clears",
                    models.BooleanField(default=False, help_text="The gate may promote by itself on this judgment."),
                ),
                (
                    "told",
                    models.JSONField(
                        default=dict, help_text="The difference, its test, the advice, and what the look spent."
                    ),
                ),
                (
                    "look",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="evaluation.look",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Calibration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("folds", "training rows left out"),
                            ("cases", "test cases"),
                            ("none", "too few answers"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "map",
                    models.JSONField(
                        help_text="`common.calibrating.Calibrated`; empty where answers are too few.", null=True
                    ),
                ),
                ("fitted_on", models.PositiveIntegerField(help_text="Answers that the map was fitted on.")),
                (
                    "cases",
                    models.PositiveIntegerField(
                        help_text="Held-out answers with a confidence; near-duplicates count once."
                    ),
                ),
                ("unread", models.PositiveIntegerField(default=0, help_text="Cases whose answer could not be read.")),
                ("silent", models.PositiveIntegerField(default=0, help_text="Answers without a confidence.")),
                (
                    "figures",
                    models.JSONField(
                        default=dict, help_text="`evaluation.reliability.Reliability`; empty with few cases."
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the answers and the map that it was made of.", max_length=64
                    ),
                ),
                (
                    "benchmark",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calibrations",
                        to="evaluation.benchmark",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calibrations",
                        to="training.modelversion",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("version", "digest"), name="one_calibration_each")],
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AcceptPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("enabled", models.BooleanField(default=False)),
                (
                    "wrong",
                    models.FloatField(
                        default=0.05, help_text="Of what is accepted: 0.001 to 0.5.", verbose_name="at most wrong"
                    ),
                ),
                (
                    "confidence",
                    models.FloatField(
                        default=0.95,
                        help_text="Over all looks at a version, and of the audit: 0.5 to 0.999.",
                        verbose_name="how sure",
                    ),
                ),
                (
                    "audit_share",
                    models.FloatField(
                        default=0.05,
                        help_text="Drawn by chance, and answered by experts, blind: 0.01 to 1.",
                        verbose_name="still reviewed",
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="accept_policy", to="labeling.project"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "accept policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("audit_share__range", (0.01, 1)),
                            ("confidence__range", (0.5, 0.999)),
                            ("wrong__range", (0.001, 0.5)),
                        ),
                        name="accept_policies_are_in_range",
                        violation_error_message="A number of the policy is out of its range.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("wrong", models.FloatField(help_text="At most so much of what is accepted is wrong (0 to 1).")),
                ("confidence", models.FloatField()),
                ("level", models.FloatField(help_text="The chance that this look errs.")),
                ("cases", models.PositiveIntegerField()),
                (
                    "needed",
                    models.PositiveIntegerField(help_text="Answers without an error that it takes at the least."),
                ),
                (
                    "threshold",
                    models.FloatField(help_text="Raw confidence above which answers are accepted.", null=True),
                ),
                ("accepted", models.PositiveIntegerField(default=0, help_text="Held-out answers above it.")),
                ("accepted_wrong", models.PositiveIntegerField(default=0)),
                (
                    "bound",
                    models.FloatField(
                        help_text="Upper bound of their error (Clopper-Pearson), at the look's level.", null=True
                    ),
                ),
                (
                    "asked",
                    models.PositiveIntegerField(help_text="Held-out cases in all, unreadable answers among them."),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("audit", "The audit shows that the promise is broken"),
                            ("person", "A person took back what was accepted"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(
                        help_text="When a person decided what becomes of what was accepted.", null=True
                    ),
                ),
                (
                    "reopening",
                    models.BooleanField(
                        default=False, help_text="A worker is still to send back what was accepted by it."
                    ),
                ),
                (
                    "calibration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="evaluation.calibration",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="certificates", to="labeling.project"
                    ),
                ),
                (
                    "spec",
                    models.ForeignKey(
                        help_text="The task that it is for.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.taskspec",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="training.modelversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "calibration", "spec", "wrong", "confidence"), name="one_look_at_the_same"
                    )
                ],
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("is_audit", models.BooleanField()),
                ("right", models.BooleanField(help_text="Of the audit: whether the expert says the same.", null=True)),
                (
                    "answered_at",
                    models.DateTimeField(
                        help_text="Of the audit: when the expert answered, or left it out.", null=True
                    ),
                ),
                (
                    "golden",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="labeling.goldensample",
                    ),
                ),
                (
                    "prediction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.prediction"
                    ),
                ),
                (
                    "sample",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="acceptance", to="labeling.sample"
                    ),
                ),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptances",
                        to="evaluation.certificate",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("golden", None), ("is_audit", True)),
                            models.Q(("golden__isnull", False), ("is_audit", False)),
                            _connector="OR",
                        ),
                        name="accepted_or_audited",
                    )
                ],
                "indexes": [
                    models.Index(fields=["certificate", "-id"], name="accepted_by"),
                    models.Index(
                        condition=models.Q(("answered_at", None), ("is_audit", True)),
                        fields=["certificate"],
                        name="audits_that_wait",
                    ),
                ],
                "ordering": ["-id"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="look",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="3372436ca80c2c5f86472735101223ea21f9f471",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_1b820",
                    table="evaluation_look",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calibration",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="04df40726627d98c2704d852d44fbd72fc525c15",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changes_f5f24",
                    table="evaluation_calibration",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="certificate",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_its_word",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."project_id" IS DISTINCT FROM (NEW."project_id") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."calibration_id" IS DISTINCT FROM (NEW."calibration_id") OR OLD."spec_id" IS DISTINCT FROM (NEW."spec_id") OR OLD."wrong" IS DISTINCT FROM (NEW."wrong") OR OLD."confidence" IS DISTINCT FROM (NEW."confidence") OR OLD."level" IS DISTINCT FROM (NEW."level") OR OLD."cases" IS DISTINCT FROM (NEW."cases") OR OLD."needed" IS DISTINCT FROM (NEW."needed") OR OLD."threshold" IS DISTINCT FROM (NEW."threshold") OR OLD."accepted" IS DISTINCT FROM (NEW."accepted") OR OLD."accepted_wrong" IS DISTINCT FROM (NEW."accepted_wrong") OR OLD."bound" IS DISTINCT FROM (NEW."bound") OR OLD."asked" IS DISTINCT FROM (NEW."asked"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6a34c5b4909ba19dfc3009dfd82a5bc738862c1f",
                    operation="UPDATE",
                    pgid="pgtrigger_keeps_its_word_83b55",
                    table="evaluation_certificate",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.CreateModel(
            name="OrderComparison",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("labels", models.PositiveIntegerField(help_text="That each of the two learnt from.")),
                ("cases", models.PositiveIntegerField(help_text="Test texts that both answered.")),
                (
                    "ordered",
                    models.FloatField(
                        help_text="The main figure of the head on the first labels that the streams gave."
                    ),
                ),
                ("by_chance", models.FloatField(help_text="The same on as many labels of texts that chance drew.")),
                ("difference", models.FloatField()),
                ("low", models.FloatField(help_text="Of the paired interval of 95 %.")),
                ("high", models.FloatField()),
                ("made_at", models.DateTimeField()),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="order_comparison",
                        to="labeling.project",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
