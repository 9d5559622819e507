import uuid

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import common.key_names
import training.methods
import training.models.policies


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("labeling", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="BaseModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=200, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[("language", "language model"), ("encoder", "sentence encoder")],
                        default="language",
                        help_text="A sentence encoder is a folder that `make encoder` made.",
                        max_length=10,
                        verbose_name="what it is",
                    ),
                ),
                (
                    "location",
                    models.CharField(
                        help_text="Hugging Face name, or a folder with the 16-bit weights.", max_length=500
                    ),
                ),
                (
                    "revision",
                    models.CharField(
                        blank=True, help_text="Commit of the hub, or the folder's own digest.", max_length=100
                    ),
                ),
                (
                    "token_env",
                    models.CharField(
                        blank=True,
                        help_text="Environment variable of the worker that holds the hub's token; empty: HF_TOKEN. It begins with TOUCHSTONE_KEY_, so that no other secret of the process can be named.",
                        max_length=100,
                        validators=[common.key_names.validate_key_name],
                    ),
                ),
                (
                    "server_name",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Its name in the catalogues of model servers: such a base is served as it is, never trained on.",
                        max_length=200,
                    ),
                ),
                (
                    "served_bytes",
                    models.BigIntegerField(editable=False, help_text="Of such a base: its size.", null=True),
                ),
                (
                    "served_form",
                    models.CharField(
                        blank=True, editable=False, help_text="Of such a base: its quantization.", max_length=20
                    ),
                ),
                ("notes", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unseen", "not looked at"),
                            ("waiting", "waits for a worker that looks at it"),
                            ("looking", "a worker looks at it"),
                            ("well", "well"),
                            ("refused", "cannot be used"),
                            ("failed", "could not be looked at"),
                        ],
                        default="unseen",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("looked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "facts",
                    models.JSONField(
                        default=dict, editable=False, help_text="What was seen: architecture, weights, template."
                    ),
                ),
                (
                    "problems",
                    models.JSONField(default=list, editable=False, help_text="Sentences on what makes it unusable."),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="TrainingProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.SlugField(max_length=60, unique=True)),
                ("description", models.CharField(blank=True, max_length=300)),
                (
                    "config",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Options of the engine; unknown ones are refused.",
                        validators=[training.models.policies.validate_profile],
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("worker", models.CharField(max_length=200)),
                ("queue", models.CharField(max_length=50)),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("worker", "queue"), name="one_heartbeat_per_worker_and_queue")
                ],
            },
        ),
        migrations.CreateModel(
            name="RetrainPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("enabled", models.BooleanField(default=True)),
                (
                    "threshold",
                    models.PositiveIntegerField(
                        default=50,
                        help_text="New golden samples outside the test split.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=training.methods.method_choices,
                        default="sft",
                        help_text="What is made of the base: heads are for labels, and head wants a sentence encoder, or no base.",
                        max_length=20,
                    ),
                ),
                (
                    "margin",
                    models.FloatField(
                        default=0.01,
                        help_text="Of several methods the cheapest is taken, unless a dearer one is shown to be better by more than this (0 to 1; 0.01 is one point).",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "draft_every",
                    models.PositiveIntegerField(
                        default=10,
                        help_text="New golden samples after which the draft is fitted again, in seconds, or a fiftieth of those that it knows where that is more; 0: no draft.",
                    ),
                ),
                (
                    "draft_proposes",
                    models.BooleanField(
                        default=False,
                        help_text="Let the draft propose to experts. A fifth of the texts, drawn by chance, stays with what is live.",
                    ),
                ),
                (
                    "draft_problem",
                    models.TextField(
                        blank=True, editable=False, help_text="Why the draft could not be fitted, or not propose, last."
                    ),
                ),
                ("draft_failed_at", models.DateTimeField(editable=False, null=True)),
                ("counted_to", models.BigIntegerField(default=0, editable=False)),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        help_text="Left open, a head is made of the sentence encoder of this installation.",
                        limit_choices_to={"server_name": ""},
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.basemodel",
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retrain_policy",
                        to="labeling.project",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of language models; a head on a sentence encoder takes none.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.trainingprofile",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "retrain policies",
            },
        ),
        migrations.CreateModel(
            name="RetrainMethod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "method",
                    models.CharField(
                        choices=training.methods.method_choices, help_text="What is made of the base.", max_length=20
                    ),
                ),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        help_text="Left open, a head is made of the sentence encoder of this installation.",
                        limit_choices_to={"server_name": ""},
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.basemodel",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retrain_methods",
                        to="labeling.project",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of language models; a head on a sentence encoder takes none.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.trainingprofile",
                    ),
                ),
            ],
            options={
                "ordering": ["project", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "method", "profile", "base"),
                        name="one_retrain_method_each",
                        nulls_distinct=False,
                        violation_error_message="The project has this method already, with this base and profile.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "encoder",
                    models.CharField(help_text="The key of the encoder whose vectors it takes.", max_length=64),
                ),
                ("weights", models.BinaryField(help_text="The head's weights and bias (`training.heads.quick`).")),
                ("answering", models.JSONField(help_text="How its probabilities become an answer.")),
                ("number", models.PositiveIntegerField(default=1, help_text="How often it was fitted.")),
                ("golden", models.PositiveIntegerField(help_text="The golden samples that it learnt from.")),
                ("counted_to", models.BigIntegerField(editable=False, help_text="The newest of them.")),
                (
                    "figure",
                    models.FloatField(help_text="On golden samples left out; empty where they are too few.", null=True),
                ),
                ("seconds", models.FloatField(help_text="What the fit took.")),
                ("fitted_at", models.DateTimeField()),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="draft", to="labeling.project"
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("digest", models.CharField(max_length=64)),
                ("folder", models.CharField(help_text="Relative to the snapshots folder.", max_length=500)),
                ("train_rows", models.PositiveIntegerField()),
                ("validation_rows", models.PositiveIntegerField()),
                ("test_rows", models.PositiveIntegerField()),
                (
                    "left_out",
                    models.JSONField(
                        default=dict, help_text="Approved answers that do not fit the spec: how many, by reason."
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="snapshots", to="labeling.project"
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
                "constraints": [models.UniqueConstraint(fields=("project", "digest"), name="one_snapshot_per_digest")],
            },
        ),
        migrations.CreateModel(
            name="TrainingRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_index=True,
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("threshold", "Enough new golden samples"),
                            ("manual", "Started by hand"),
                            ("api", "Started through the API"),
                        ],
                        max_length=10,
                    ),
                ),
                ("config", models.JSONField(default=dict, help_text="The resolved engine configuration.")),
                ("folder", models.CharField(blank=True, help_text="Relative to the runs folder.", max_length=500)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("worker", models.CharField(blank=True, max_length=200)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "ordered",
                    models.CharField(
                        blank=True,
                        choices=[("pause", "pause"), ("keep", "stop and keep the best"), ("cancel", "cancel")],
                        max_length=10,
                    ),
                ),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("transient", "may pass by itself"),
                            ("person", "needs a person"),
                            ("hopeless", "comes again"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "retry_at",
                    models.DateTimeField(help_text="Not before then: what failed may have passed.", null=True),
                ),
                ("counted_from", models.BigIntegerField(editable=False, null=True)),
                ("counted_to", models.BigIntegerField(editable=False, null=True)),
                ("step", models.PositiveIntegerField(default=0)),
                ("total_steps", models.PositiveIntegerField(default=0)),
                ("loss", models.FloatField(null=True)),
                ("metrics", models.JSONField(default=dict)),
                (
                    "result",
                    models.JSONField(
                        default=dict,
                        help_text="What its manifest says of its file, and how each validation row was answered.",
                    ),
                ),
                (
                    "environment",
                    models.JSONField(default=dict, help_text="Library versions and device, as the engine saw them."),
                ),
                ("error", models.TextField(blank=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "base",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="training.basemodel"
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="runs",
                        to="training.trainingprofile",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="labeling.project"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="training.snapshot"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [("start_run", "Can start, pause, cancel and repeat training runs")],
            },
        ),
        migrations.CreateModel(
            name="TrainingRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("trigger", models.CharField(max_length=10)),
                ("margin", models.FloatField(help_text="As the policy said it when the round began.")),
                (
                    "left_out",
                    models.JSONField(default=list, help_text="Sentences on listed methods that could not be started."),
                ),
                ("counted_from", models.BigIntegerField(editable=False, null=True)),
                ("counted_to", models.BigIntegerField(editable=False, null=True)),
                (
                    "verdict",
                    models.JSONField(
                        default=dict, help_text="The figures on the shared validation rows, and what was chosen."
                    ),
                ),
                (
                    "settled_at",
                    models.DateTimeField(help_text="When its candidate was chosen, or no run was left.", null=True),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rounds", to="labeling.project"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rounds", to="training.snapshot"
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.trainingrun",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RunEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("seq", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("payload", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="training.trainingrun"
                    ),
                ),
            ],
            options={
                "ordering": ["run", "seq"],
                "constraints": [models.UniqueConstraint(fields=("run", "seq"), name="events_are_numbered")],
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.PositiveIntegerField()),
                (
                    "method",
                    models.CharField(
                        default="none",
                        help_text="How its weights were made from the base's; none: they are the base's.",
                        max_length=20,
                    ),
                ),
                (
                    "parameters",
                    models.JSONField(help_text="In place of the task's decoding; empty: as the task says.", null=True),
                ),
                (
                    "system",
                    models.TextField(
                        help_text="The SYSTEM for outside clients; empty: the task's own prompt.", null=True
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, help_text="Why it was made, where a person made it.", max_length=300),
                ),
                ("adapter_digest", models.CharField(blank=True, max_length=64)),
                (
                    "base",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="training.basemodel"
                    ),
                ),
                (
                    "derived_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="derived",
                        to="training.modelversion",
                    ),
                ),
                (
                    "made_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="labeling.project"
                    ),
                ),
                (
                    "spec",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="labeling.taskspec"
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="version",
                        to="training.trainingrun",
                    ),
                ),
            ],
            options={
                "ordering": ["project", "-number"],
                "constraints": [models.UniqueConstraint(fields=("project", "number"), name="versions_are_numbered")],
            },
        ),
        migrations.AddField(
            model_name="trainingrun",
            name="round",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="training.traininground"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="modelversion",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."project_id" IS DISTINCT FROM (NEW."project_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."spec_id" IS DISTINCT FROM (NEW."spec_id") OR OLD."method" IS DISTINCT FROM (NEW."method") OR OLD."base_id" IS DISTINCT FROM (NEW."base_id") OR OLD."run_id" IS DISTINCT FROM (NEW."run_id") OR OLD."derived_from_id" IS DISTINCT FROM (NEW."derived_from_id") OR OLD."parameters" IS DISTINCT FROM (NEW."parameters") OR OLD."system" IS DISTINCT FROM (NEW."system") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."adapter_digest" IS DISTINCT FROM (NEW."adapter_digest"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="36f4892917b5eca29075228408878c969e15bc1f",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changes_93c50",
                    table="training_modelversion",
                    when="BEFORE",
                ),
            ),
        ),
    ]
