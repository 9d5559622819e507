import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.key_names
import deployment.models.formats
import deployment.models.reach
import deployment.models.server_kinds


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("labeling", "0001_tables"),
        ("training", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="InferenceServer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.SlugField(max_length=60, unique=True)),
                ("kind", models.CharField(choices=deployment.models.server_kinds.kind_choices, max_length=10)),
                (
                    "url",
                    models.CharField(
                        help_text="Such as http://ollama:11434: a name of your own network, or an IP address.",
                        max_length=300,
                        validators=[deployment.models.reach.validate_server_url],
                        verbose_name="address",
                    ),
                ),
                (
                    "key_env",
                    models.CharField(
                        blank=True,
                        help_text="Environment variable that holds the server's key, if it wants one. It begins with TOUCHSTONE_KEY_, so that no other secret of the process can be named.",
                        max_length=100,
                        validators=[common.key_names.validate_key_name],
                    ),
                ),
                (
                    "threads",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0: as many as the server's cores.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1024),
                        ],
                    ),
                ),
                (
                    "slots",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(256),
                        ],
                    ),
                ),
                (
                    "answer_seconds",
                    models.FloatField(
                        default=10.0,
                        help_text="How long a prediction waits for this server, 0.5 to 600 seconds. After three in a row that got no answer the server is left alone for a while, so a large model on a slow host may need more.",
                        validators=[
                            django.core.validators.MinValueValidator(0.5),
                            django.core.validators.MaxValueValidator(600),
                        ],
                        verbose_name="seconds for an answer",
                    ),
                ),
                (
                    "memory_mb",
                    models.PositiveIntegerField(
                        default=0, help_text="Memory that models may take on this server, in MB. 0: not limited by us."
                    ),
                ),
                (
                    "max_loaded",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Models loaded at once (OLLAMA_MAX_LOADED_MODELS). 0: not limited by us."
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "follows_environment",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="The built-in server: its address is LOCAL_MODEL_SERVER_URL, and follows it at every start.",
                    ),
                ),
                (
                    "failures",
                    models.PositiveSmallIntegerField(
                        default=0, editable=False, help_text="Unanswered requests in a row."
                    ),
                ),
                (
                    "unavailable_until",
                    models.DateTimeField(editable=False, help_text="No requests go there before.", null=True),
                ),
                ("version", models.CharField(blank=True, editable=False, max_length=60)),
                ("seen_at", models.DateTimeField(editable=False, null=True)),
                ("error", models.TextField(blank=True, editable=False)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("follows_environment", True)),
                        fields=("follows_environment",),
                        name="one_server_follows_the_environment",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FailedRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model_tag",
                    models.CharField(blank=True, help_text="What was live, as predictions name it.", max_length=200),
                ),
                ("sentence", models.TextField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="failed_requests",
                        to="labeling.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["project", "created_at"], name="failures_in_time")],
            },
        ),
        migrations.CreateModel(
            name="ServingPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "auto_promote",
                    models.BooleanField(default=False, help_text="Promote every version that passes the gate."),
                ),
                (
                    "alias_may_stay",
                    models.BooleanField(
                        default=False,
                        help_text="Promote what some servers cannot serve (a head, beside Ollama) on those that can. On the others the alias for outside clients stays with the version that it names. Off: such a version cannot be promoted.",
                        verbose_name="the alias may stay",
                    ),
                ),
                ("quantization", models.CharField(default="q8_0", max_length=20)),
                (
                    "adapters",
                    models.BooleanField(
                        default=False,
                        help_text="Upload the base once and each version's adapter beside it (ADAPTER) instead of merged files. Only Ollama up to 0.33 takes them. The price: versions share the base's memory, so two are never loaded side by side, a benchmark throws the live version out, and every change between them reloads the model.",
                        verbose_name="adapters apart",
                    ),
                ),
                (
                    "proof_prompts",
                    models.PositiveIntegerField(
                        default=200,
                        help_text="Prompts whose tokens are proven, at most.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100000),
                        ],
                    ),
                ),
                (
                    "answer_prompts",
                    models.PositiveIntegerField(
                        default=8,
                        help_text="Prompts answered by the merged 16-bit model too, and compared; 0: none. 8 find a server that answers 54 % otherwise nine times in ten, 50 one of 18 %, 180 one of 10 %; each takes seconds of the build.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                    ),
                ),
                (
                    "answer_agreement",
                    models.FloatField(
                        default=0.97,
                        help_text="Refused where the agreement's upper confidence bound lies below.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                    ),
                ),
                (
                    "canary_seconds",
                    models.FloatField(
                        default=30.0,
                        help_text="A promotion fails where a canary answers slower.",
                        validators=[
                            django.core.validators.MinValueValidator(0.1),
                            django.core.validators.MaxValueValidator(600),
                        ],
                    ),
                ),
                (
                    "rollback_minutes",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="How long the version before stays loaded.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(525600),
                        ],
                    ),
                ),
                (
                    "watch_minutes",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="How long a promoted version is held against the one before, by what experts decide a week at least; 0: not at all.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(525600),
                        ],
                    ),
                ),
                (
                    "auto_rollback",
                    models.BooleanField(default=False, help_text="Roll back by itself where the watch finds it worse."),
                ),
                (
                    "watch_requests",
                    models.PositiveIntegerField(
                        default=20,
                        help_text="Requests, or thumbs, that have their like before the move, before the watch judges.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000000),
                        ],
                    ),
                ),
                (
                    "watch_tolerance",
                    models.FloatField(
                        default=0.05,
                        help_text="Share of requests that may fail, be unreadable or be disliked more than before.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                    ),
                ),
                (
                    "watch_slowdown",
                    models.FloatField(
                        default=2.0,
                        help_text="How many times as long the slowest tenth of the answers may take.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                    ),
                ),
                (
                    "keep_previous",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Versions kept beside the live one.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                    ),
                ),
                (
                    "keep_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="Versions live within these days are kept.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="serving_policy",
                        to="labeling.project",
                    ),
                ),
                ("servers", models.ManyToManyField(related_name="policies", to="deployment.inferenceserver")),
            ],
            options={
                "verbose_name_plural": "serving policies",
            },
        ),
        migrations.CreateModel(
            name="ModelPull",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("pulling", "Pulling"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("bytes_done", models.BigIntegerField(default=0)),
                ("bytes_total", models.BigIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pulls",
                        to="deployment.inferenceserver",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "pulling"])),
                        fields=("server", "name"),
                        name="pulled_once_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("format", models.CharField(choices=deployment.models.formats.format_choices, max_length=20)),
                ("quantization", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be built"),
                            ("building", "Building"),
                            ("built", "Built and proven"),
                            ("failed", "Build failed"),
                            ("removed", "Removed by retention"),
                        ],
                        db_index=True,
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "wanted_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When somebody last asked for it."
                    ),
                ),
                (
                    "path",
                    models.CharField(blank=True, help_text="Its name in the storage of artifacts.", max_length=500),
                ),
                (
                    "adapter_path",
                    models.CharField(
                        blank=True,
                        help_text="The adapter's name there, where it is apart; the file is then its base.",
                        max_length=500,
                    ),
                ),
                ("digest", models.CharField(blank=True, help_text="SHA-256 of the file.", max_length=64)),
                (
                    "adapter_digest",
                    models.CharField(blank=True, help_text="SHA-256 of the adapter's file.", max_length=64),
                ),
                ("bytes", models.BigIntegerField(null=True)),
                (
                    "proof",
                    models.JSONField(default=dict, help_text="What came of holding the file against what was trained."),
                ),
                (
                    "marks",
                    models.JSONField(
                        default=list,
                        help_text="Marks of its tokenizer that prompts break beside those that are always broken.",
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                (
                    "weights",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artifacts",
                        to="training.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("weights", "format", "quantization"), name="one_artifact_per_form")
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionPin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("reason", models.CharField(max_length=200)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pin", to="training.modelversion"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("action", models.CharField(choices=[("promote", "Promote"), ("rollback", "Rollback")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("staged", "Staged"),
                            ("warmed", "Warmed"),
                            ("moved", "Moved"),
                            ("proven", "Proven"),
                            ("live", "Live"),
                            ("replaced", "Was live, replaced"),
                            ("failed", "Failed"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("failed_step", models.CharField(blank=True, max_length=10)),
                ("automatic", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True)),
                ("modelfile", models.TextField(blank=True)),
                (
                    "evidence",
                    models.JSONField(
                        default=dict, help_text="The gate's figures, digests and what each server proved."
                    ),
                ),
                (
                    "move_ms",
                    models.FloatField(help_text="From the switch of the live row to the proven alias.", null=True),
                ),
                (
                    "may_evict",
                    models.BooleanField(
                        default=False, help_text="Somebody said yes to what would be thrown out of memory."
                    ),
                ),
                (
                    "steps",
                    models.JSONField(
                        default=list, help_text="Each step taken: name, time, milliseconds, what was seen."
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("live_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deployments", to="labeling.project"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployments",
                        to="training.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [("promote", "Can promote and roll back versions")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "live")), fields=("project",), name="one_live_version"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("planned", "staged", "warmed", "moved", "proven"))),
                        fields=("project",),
                        name="one_move_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alias", "The alias leads elsewhere"),
                            ("tag_gone", "The version is gone from the server"),
                            ("content", "The version's tag holds something else"),
                            ("broken", "The version cannot be loaded"),
                            ("unloaded", "The live version was not loaded"),
                            ("upgraded", "The server's version changed"),
                            ("worse", "Worse than the version before"),
                            ("joined", "A server joined that cannot serve what is live"),
                            ("promise", "A certificate is withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("mended", "Mended by itself"),
                            ("adopted", "Adopted"),
                            ("restored", "Restored"),
                            ("dismissed", "Dismissed"),
                            ("gone", "No longer so"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("sentence", models.TextField()),
                (
                    "found",
                    models.CharField(blank=True, help_text="The digest or version that was seen.", max_length=200),
                ),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="findings", to="labeling.project"
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="findings", to="training.modelversion"
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="deployment.inferenceserver",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("project", "server", "version", "kind"),
                        name="found_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BuildStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("fetch", "fetch the base model"),
                            ("merge", "Merge"),
                            ("convert", "Convert"),
                            ("base", "convert the bare base"),
                            ("adapter", "convert the adapter"),
                            ("compose", "put encoder and head together"),
                            ("inspect", "Inspect"),
                            ("prove", "Prove"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "key",
                    models.CharField(help_text="SHA-256 of everything that the result follows from.", max_length=64),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("reused", models.BooleanField(default=False, help_text="The same inputs had been worked on before.")),
                ("seconds", models.FloatField(null=True)),
                ("size_bytes", models.BigIntegerField(null=True)),
                ("detail", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="build_steps",
                        to="deployment.artifact",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("artifact", "name"), name="one_row_per_build_step")],
            },
        ),
        migrations.CreateModel(
            name="StagedVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("tag", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("staging", "Staging"),
                            ("staged", "Staged"),
                            ("failed", "Failed"),
                            ("removed", "Removed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "uploaded_percent",
                    models.PositiveSmallIntegerField(default=0, help_text="Of the file, while it is uploaded."),
                ),
                ("uploaded_digest", models.CharField(blank=True, max_length=80)),
                ("layer_digest", models.CharField(blank=True, max_length=80)),
                ("manifest_digest", models.CharField(blank=True, max_length=80)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("baseline", "Baseline"),
                            ("passed", "Passed"),
                            ("refused", "Refused"),
                            ("insufficient", "Insufficient"),
                        ],
                        max_length=12,
                    ),
                ),
                ("verdict_sentence", models.TextField(blank=True)),
                ("verdict_report", models.JSONField(default=dict)),
                (
                    "gate_report",
                    models.UUIDField(blank=True, help_text="The gate report that the verdict comes from.", null=True),
                ),
                ("judged_at", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("staged_at", models.DateTimeField(null=True)),
                (
                    "artifact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="staged",
                        to="deployment.artifact",
                    ),
                ),
                (
                    "held_against",
                    models.ForeignKey(
                        blank=True,
                        help_text="What the verdict compares it with: it says nothing about another version that is live.",
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="training.modelversion",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staged",
                        to="deployment.inferenceserver",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="staged", to="training.modelversion"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("version", "server"), name="staged_once_per_server")],
            },
        ),
        migrations.CreateModel(
            name="ParityReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("server_version", models.CharField(blank=True, max_length=60)),
                (
                    "question",
                    models.CharField(
                        choices=[
                            ("tokens", "Token ids: GGUF against the training tokenizer"),
                            ("server", "Rendered prompts and token counts on the server"),
                            ("answers", "Greedy answers: server against the merged 16-bit model"),
                            ("head", "Answers and probabilities: against the fitted head"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ok", models.BooleanField(help_text="Unknown where the figure is only reported.", null=True)),
                ("checked", models.PositiveIntegerField()),
                ("agreed", models.PositiveIntegerField()),
                ("bound", models.FloatField(help_text="Upper confidence bound of the agreement.", null=True)),
                ("limit", models.FloatField(help_text="What the policy asked of the bound.", null=True)),
                (
                    "trap",
                    models.CharField(blank=True, help_text="The known mistake that it most looks like.", max_length=20),
                ),
                ("sentence", models.TextField()),
                ("differences", models.JSONField(default=list, help_text="The first differences.")),
                (
                    "artifact",
                    models.ForeignKey(
                        help_text="The file asked.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parity_reports",
                        to="deployment.artifact",
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="parity_reports",
                        to="deployment.inferenceserver",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parity_reports",
                        to="training.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DeploymentTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("warmed", "Warmed"),
                            ("moved", "Moved"),
                            ("proven", "Proven"),
                            ("behind", "Away; catches up when it returns"),
                            ("stays", "Cannot serve it"),
                            ("back", "Led back to the version before"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("canary_ms", models.FloatField(null=True)),
                (
                    "proof",
                    models.TextField(blank=True, help_text="What was seen there: the alias and its manifest digest."),
                ),
                ("error", models.TextField(blank=True)),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="targets", to="deployment.deployment"
                    ),
                ),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="targets",
                        to="deployment.inferenceserver",
                    ),
                ),
                (
                    "staged",
                    models.ForeignKey(
                        help_text="What the alias is to lead to; where it stays, another version, or none.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="targets",
                        to="deployment.stagedversion",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("deployment", "server"), name="one_target_per_server")],
            },
        ),
    ]
