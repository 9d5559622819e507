import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
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
    ]
