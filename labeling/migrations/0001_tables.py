import uuid

import django.contrib.auth.validators
import django.contrib.postgres.indexes
import django.core.serializers.json
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import labeling.kinds
import labeling.models.digests
import labeling.models.ordered
import labeling.models.projects


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "reset_asked_at",
                    models.DateTimeField(
                        editable=False, help_text="A link for a new password is to be mailed.", null=True
                    ),
                ),
                (
                    "unread_news",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Told in the page and not yet read; with the person, every page has it.",
                    ),
                ),
                (
                    "review_keys",
                    models.JSONField(
                        default=dict,
                        editable=False,
                        help_text="The keys of the review page that are one's own, by command.",
                    ),
                ),
                (
                    "advances",
                    models.BooleanField(
                        default=False, editable=False, help_text="Choosing the one label of a text saves it at once."
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "key",
                    models.CharField(
                        db_index=True,
                        help_text="Never changes: it names models and URLs.",
                        max_length=80,
                        validators=[labeling.models.projects.validate_key],
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                ("kind", models.CharField(choices=labeling.kinds.kind_choices, max_length=16)),
                ("instruction", models.TextField(help_text="What the model is told to do.")),
                (
                    "prompt_template",
                    models.TextField(default="{text}", help_text="The user message; {text} is the sample's text."),
                ),
                (
                    "max_labels",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="At most so many labels in one answer.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                (
                    "schema",
                    labeling.models.ordered.OrderedJSONField(
                        blank=True,
                        help_text="The JSON schema of an answer, for kinds whose schema is your own.",
                        null=True,
                    ),
                ),
                (
                    "decoding",
                    models.JSONField(
                        default=labeling.models.projects.default_decoding,
                        help_text="Options of every request, such as temperature, num_predict, num_ctx and stop.",
                        validators=[labeling.models.projects.validate_decoding],
                    ),
                ),
                (
                    "thinking",
                    models.BooleanField(
                        default=False,
                        help_text="The model thinks aloud before each answer, where the base model's chat template knows how. Raise num_predict with it: thoughts are long.",
                    ),
                ),
                (
                    "lists_labels",
                    models.BooleanField(
                        default=True,
                        help_text="An untrained model needs the list; a trained one has learnt the labels. Each prompt pays for it.",
                        verbose_name="list the labels in the prompt",
                    ),
                ),
                (
                    "train_share",
                    models.PositiveSmallIntegerField(
                        default=80, validators=[django.core.validators.MaxValueValidator(100)]
                    ),
                ),
                (
                    "validation_share",
                    models.PositiveSmallIntegerField(
                        default=10, validators=[django.core.validators.MaxValueValidator(100)]
                    ),
                ),
                (
                    "test_share",
                    models.PositiveSmallIntegerField(
                        default=10, validators=[django.core.validators.MaxValueValidator(100)]
                    ),
                ),
                (
                    "keep_api_texts",
                    models.BooleanField(
                        default=True, help_text="Texts asked through the API become samples to review."
                    ),
                ),
                (
                    "preselect_from",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="In percent: a less sure proposal is shown on the review page, and not filled in. What counts is the share of such answers that are right, where it is measured, else the model's confidence. Empty: all are.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="proposals are filled in from",
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "train_share",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(100), "-", models.F("validation_share")
                                    ),
                                    "-",
                                    models.F("test_share"),
                                ),
                            )
                        ),
                        name="shares_add_up_to_100",
                        violation_error_message="The shares of train, validation and test must add up to 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")),
                        name="keys_can_name_models",
                        violation_error_message="A key begins with a letter or a digit and has letters, digits, '-' and '_' only, 80 characters at most, as it names models on servers; for example: support-tags.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("key"),
                        name="keys_differ_by_more_than_case",
                        violation_error_message="A project of this key is there already (A and a are the same in a key). Choose another key.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[("person", "person"), ("token", "token"), ("system", "system")], max_length=8
                    ),
                ),
                ("actor_name", models.CharField(max_length=150, verbose_name="actor")),
                ("user_id", models.BigIntegerField(help_text="The person, or the owner of the token.", null=True)),
                ("token_id", models.BigIntegerField(null=True)),
                ("verb", models.CharField(max_length=40)),
                ("project_id", models.BigIntegerField(null=True)),
                ("project_key", models.CharField(blank=True, max_length=80, verbose_name="project")),
                ("subject_type", models.CharField(max_length=40, verbose_name="subject")),
                ("subject_uid", models.UUIDField()),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("request_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["project_id", "-id"], name="project_events"),
                    models.Index(fields=["subject_uid", "-id"], name="subject_events"),
                    models.Index(fields=["actor_name", "-id"], name="actor_events"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kind", models.CharField(max_length=16)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("level", models.FloatField(default=0)),
                ("changed_at", models.DateTimeField()),
                ("blocked_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "login counter",
                "indexes": [models.Index(fields=["changed_at"], name="login_counters_by_age")],
            },
        ),
        migrations.CreateModel(
            name="FirstLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("digest", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField()),
            ],
            options={"verbose_name": "first link"},
        ),
        migrations.CreateModel(
            name="KeptResponse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "caller",
                    models.CharField(
                        help_text="The token or the person; keys of others are other keys.", max_length=40
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("body", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("caller", "key"), name="one_response_per_key")],
            },
        ),
        migrations.CreateModel(
            name="TextVector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(help_text="`Sample.text_digest`.", max_length=32)),
                ("revision", models.CharField(help_text="`EncoderRecord.key`.", max_length=64)),
                ("dimension", models.PositiveSmallIntegerField()),
                (
                    "vector",
                    models.BinaryField(help_text="So many numbers of 16 bits, little-endian; its length is one."),
                ),
                ("is_cut", models.BooleanField(help_text="The text was longer than the encoder reads.")),
                (
                    "is_unknown",
                    models.BooleanField(help_text="Most of the text is in characters that the encoder does not know."),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["revision"], name="vectors_of_an_encoder")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("digest", "revision"),
                        include=("is_cut", "is_unknown"),
                        name="one_vector_per_text_and_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("expert", "Expert (reviews)"),
                            ("operator", "Operator (runs, promotion)"),
                            ("manager", "Manager (everything in the project)"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="Empty: the role has no end.", null=True, verbose_name="last day"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="labeling.project"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "user"), name="one_role_per_project")],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(editable=False, max_length=12)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("projects", models.ManyToManyField(related_name="tokens", to="labeling.project")),
            ],
            options={
                "verbose_name": "API token",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("expert", "Expert (reviews)"),
                            ("operator", "Operator (runs, promotion)"),
                            ("manager", "Manager (everything in the project)"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "ends_on",
                    models.DateField(
                        help_text="Of the role that it gives; empty: no end.", null=True, verbose_name="last day"
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, help_text="For whom it is, as its maker calls them.", max_length=100),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
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
                    "used_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("used_at", None), ("revoked_at", None), _connector="OR"),
                        name="invitations_are_used_or_taken_back",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=100)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "colour",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("red", "Red"),
                            ("orange", "Orange"),
                            ("yellow", "Yellow"),
                            ("green", "Green"),
                            ("teal", "Teal"),
                            ("blue", "Blue"),
                            ("purple", "Purple"),
                            ("pink", "Pink"),
                        ],
                        help_text="No part of the task.",
                        max_length=8,
                    ),
                ),
                (
                    "merged",
                    models.JSONField(
                        blank=True, default=list, editable=False, help_text="Uids of labels merged into it."
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                        fields=("project", "name"),
                        name="label_names_are_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaskSpec",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(choices=labeling.kinds.kind_choices, max_length=16)),
                ("instruction", models.TextField()),
                ("labels", models.JSONField(default=list, help_text='[{"id", "name", "description", "merged"}, ...]')),
                ("max_labels", models.PositiveSmallIntegerField(default=5)),
                ("prompt_template", models.TextField(default="{text}")),
                (
                    "schema",
                    labeling.models.ordered.OrderedJSONField(
                        help_text="The project's own JSON schema of an answer.", null=True
                    ),
                ),
                ("decoding", models.JSONField(default=dict)),
                ("thinking", models.BooleanField(default=False)),
                ("lists_labels", models.BooleanField(default=True, help_text="Whether the prompt lists the labels.")),
                (
                    "date",
                    models.DateField(
                        default=labeling.models.projects.today,
                        help_text="What chat templates that write a date are given: the day of the first spec, for ever.",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="specs", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["project", "-number"],
                "constraints": [models.UniqueConstraint(fields=("project", "number"), name="specs_are_numbered")],
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("format", models.CharField(max_length=30)),
                (
                    "spec",
                    models.ForeignKey(
                        help_text="In whose labels it is.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.taskspec",
                    ),
                ),
                (
                    "filters",
                    models.JSONField(default=dict, help_text="Which texts; empty: all that are not withdrawn."),
                ),
                ("as_of", models.DateTimeField(help_text="Texts, answers and history of until then.")),
                ("test_answers", models.BooleanField(default=False, help_text="With the answers of the test split.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("removed", "File removed"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("total", models.PositiveIntegerField(default=0, help_text="Texts to look at.")),
                ("done", models.PositiveIntegerField(default=0, help_text="Of these looked at.")),
                ("rows", models.PositiveIntegerField(default=0, help_text="Rows written.")),
                (
                    "left_out",
                    models.JSONField(
                        default=dict, help_text="Texts that the filters want and the file has not, by reason."
                    ),
                ),
                ("bytes", models.BigIntegerField(default=0, help_text="Of the file, as far as `position`.")),
                (
                    "position",
                    models.BigIntegerField(default=0, editable=False, help_text="The last sample that was looked at."),
                ),
                ("file", models.FileField(blank=True, upload_to="exports/")),
                ("error", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "created_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="exports", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=255)),
                ("file", models.FileField(blank=True, upload_to="imports/")),
                (
                    "options",
                    models.JSONField(
                        default=dict, help_text="Format, column mapping, separator, which rows bring answers."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Not started"),
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("bytes_total", models.BigIntegerField(default=0)),
                ("bytes_read", models.BigIntegerField(default=0)),
                ("rows_read", models.PositiveIntegerField(default=0)),
                ("imported", models.PositiveIntegerField(default=0)),
                ("golden", models.PositiveIntegerField(default=0)),
                ("predictions", models.PositiveIntegerField(default=0)),
                ("duplicates", models.PositiveIntegerField(default=0)),
                ("bad_rows", models.PositiveIntegerField(default=0)),
                (
                    "asked_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When it was first asked to bring its rows in, not only to try.",
                        null=True,
                    ),
                ),
                (
                    "is_trial",
                    models.BooleanField(default=False, help_text="Counts what would come in, and brings nothing in."),
                ),
                (
                    "notes",
                    models.JSONField(default=list, help_text="What somebody should know of it, in sentences."),
                ),
                (
                    "report",
                    models.FileField(
                        blank=True, help_text="Line number and reason of each bad row.", upload_to="reports/"
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "created_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="imports", to="labeling.project"
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="VectorSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("working", "Being made"),
                            ("whole", "Whole"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "encoder",
                    models.CharField(
                        blank=True, help_text="The name of the one that is at work, or was.", max_length=200
                    ),
                ),
                (
                    "revision",
                    models.CharField(blank=True, help_text="`EncoderRecord.key` of the vectors used.", max_length=64),
                ),
                (
                    "making",
                    models.CharField(
                        blank=True, help_text="Of the one whose vectors are to take their place.", max_length=64
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0, help_text="Samples, when they were counted last.")),
                ("done", models.PositiveIntegerField(default=0, help_text="Of these with a vector.")),
                ("cut", models.PositiveIntegerField(default=0, help_text="Of these longer than the encoder reads.")),
                (
                    "unknown",
                    models.PositiveIntegerField(
                        default=0, help_text="Of these mostly in characters that it does not know."
                    ),
                ),
                (
                    "last_sample",
                    models.BigIntegerField(default=0, help_text="The newest sample when they were counted last."),
                ),
                (
                    "indexed",
                    models.PositiveIntegerField(default=0, help_text="Vectors in the index of nearest neighbours."),
                ),
                ("error", models.TextField(blank=True, help_text="Why nothing goes on, and what to do.")),
                ("ended_at", models.DateTimeField(help_text="When a worker left it last.", null=True)),
                (
                    "ticket",
                    models.UUIDField(editable=False, help_text="Of the message that no worker took yet.", null=True),
                ),
                ("queued_at", models.DateTimeField(editable=False, help_text="When it was sent last.", null=True)),
                (
                    "generation",
                    models.PositiveIntegerField(default=0, help_text="Of the near-duplicates that are shown."),
                ),
                (
                    "building",
                    models.PositiveIntegerField(default=0, help_text="Of those that are to take their place."),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="vectors", to="labeling.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlikeGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "generation",
                    models.PositiveIntegerField(default=0, help_text="Made anew with the index of nearest neighbours."),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alike_groups", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("external_id", models.CharField(blank=True, max_length=200)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("text", models.TextField(help_text="What is hashed, searched and shown in a line.")),
                (
                    "input",
                    models.JSONField(
                        editable=False, help_text="All that is asked about, where that is more.", null=True
                    ),
                ),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "text_digest",
                    models.GeneratedField(
                        db_persist=True,
                        expression=labeling.models.digests.TextDigest("text"),
                        output_field=models.BinaryField(max_length=32),
                    ),
                ),
                ("group_hash", models.CharField(max_length=64)),
                (
                    "split",
                    models.CharField(
                        choices=[("train", "Train"), ("validation", "Validation"), ("test", "Test")], max_length=10
                    ),
                ),
                (
                    "stream",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("teach", "Chosen to teach most"),
                            ("random", "Drawn by chance"),
                            ("blind", "Test text, drawn by chance"),
                            ("first", "Put first: an audit, a complaint, or sent back"),
                            ("picked", "Picked by a person"),
                        ],
                        editable=False,
                        help_text="What first gave it out to review.",
                        max_length=8,
                    ),
                ),
                (
                    "way_in",
                    models.CharField(
                        choices=[
                            ("import", "Imported"),
                            ("api", "Sent to the API"),
                            ("predict", "Asked for a prediction, and kept"),
                            ("analyze", "Typed on the Analyze page"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "To review"),
                            ("golden", "Golden"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "is_audit",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Drawn by chance to audit what is accepted: answered blind.",
                    ),
                ),
                ("rank", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="samples",
                        to="labeling.importbatch",
                    ),
                ),
                (
                    "lease_user",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="samples", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")), fields=["project", "rank", "id"], name="review_queue"
                    ),
                    models.Index(
                        condition=models.Q(("split__in", ["test", "validation"]), ("state", "pending")),
                        fields=["project", "split", "rank", "id"],
                        name="queue_outside_training",
                    ),
                    models.Index(fields=["project", "group_hash"], name="near_duplicates"),
                    models.Index(fields=["project", "external_id"], name="external_ids"),
                    models.Index(fields=["text_digest"], name="samples_of_a_text"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["tags"], name="samples_by_tag", opclasses=["jsonb_path_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "content_hash"), name="one_sample_per_text"),
                    models.CheckConstraint(
                        condition=models.Q(("way_in__in", ["import", "api", "predict", "analyze"])),
                        name="way_in_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "was",
                    models.CharField(
                        choices=[
                            ("pending", "To review"),
                            ("golden", "Golden"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        help_text="The state that the sample was in.",
                        max_length=10,
                    ),
                ),
                (
                    "restores",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restored_by",
                        to="labeling.withdrawal",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="withdrawals", to="labeling.sample"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="MustPass",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "lifts",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lifted_by",
                        to="labeling.mustpass",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="must_passes", to="labeling.sample"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "must-passes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AlikeText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField(default=0, help_text="Of its group.")),
                ("likeness", models.FloatField()),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="texts", to="labeling.alikegroup"
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alike", to="labeling.sample"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("sample", "generation"), name="one_group_per_text")],
            },
        ),
        migrations.CreateModel(
            name="Prediction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("external_id", models.CharField(blank=True, max_length=200)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("model_tag", models.CharField(db_index=True, max_length=200)),
                ("raw", models.TextField()),
                ("answer", models.JSONField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("strict", "Strict"), ("repaired", "Repaired"), ("failed", "Failed")], max_length=10
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="Why it failed, or what was repaired.")),
                (
                    "confidence",
                    models.FloatField(
                        help_text="Of the whole answer, 0 to 1, as the model has it: not yet a share that is right.",
                        null=True,
                    ),
                ),
                (
                    "share",
                    models.FloatField(
                        help_text="Of answers with this confidence, the share that is right (0 to 1), as measured when it was given on answers that the version had not learnt from; null while they were too few.",
                        null=True,
                    ),
                ),
                (
                    "label_chances",
                    models.JSONField(
                        help_text="Of the likeliest labels, each by itself: a head's probability, 0 to 1.", null=True
                    ),
                ),
                ("latency_ms", models.FloatField(null=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("queue", "Proposal for review"),
                            ("analyze", "Analyze page"),
                            ("api", "API"),
                            ("outside", "Recorded from outside"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="predictions", to="labeling.project"
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="predictions",
                        to="labeling.sample",
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
                "indexes": [
                    models.Index(fields=["sample", "-id"], name="newest_prediction"),
                    models.Index(fields=["project", "-id"], name="project_predictions"),
                    models.Index(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=["project", "external_id"],
                        name="predictions_by_external_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("confirm", "Confirm"),
                            ("correct", "Correct"),
                            ("reject", "Reject"),
                            ("skip", "Skip"),
                            ("undo", "Undo"),
                        ],
                        max_length=10,
                    ),
                ),
                ("answer", models.JSONField(null=True)),
                (
                    "skip_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unclear", "The text is unclear"),
                            ("guideline", "The guideline does not cover it"),
                            ("colleague", "Somebody else knows better"),
                            ("time", "It takes too long now"),
                            ("other", "Another reason"),
                        ],
                        max_length=10,
                    ),
                ),
                ("comment", models.TextField(blank=True)),
                ("seconds", models.FloatField(help_text="Time from showing the sample to the decision.", null=True)),
                (
                    "prediction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reviews",
                        to="labeling.prediction",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="labeling.review",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="labeling.sample"
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
                "indexes": [
                    models.Index(fields=["reviewer", "-id"], name="reviewers_last"),
                    models.Index(fields=["reviewer", "created_at"], name="reviewers_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("thumb", models.SmallIntegerField(blank=True, choices=[(-1, "Down"), (1, "Up")], null=True)),
                ("comment", models.TextField(blank=True)),
                ("answer", models.JSONField(blank=True, null=True)),
                (
                    "effect",
                    models.CharField(
                        choices=[
                            ("approved", "The answer became the golden answer."),
                            ("first", "The text comes to review first."),
                            ("kept", "Kept; nothing else follows from it."),
                            ("test", "Kept only: this is a test text, which feedback neither answers nor moves."),
                            ("audit", "Kept only: an expert answers this text blind, as an audit."),
                            ("withdrawn", "Kept only: this text is withdrawn."),
                        ],
                        default="kept",
                        max_length=10,
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labeling.apitoken",
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
                (
                    "prediction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="feedback", to="labeling.prediction"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="feedback", to="labeling.project"
                    ),
                ),
                (
                    "spec",
                    models.ForeignKey(
                        help_text="What the answer is one to.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labeling.taskspec",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "feedback",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="GoldenSample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("answer", models.JSONField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("review", "Review"),
                            ("import", "Imported known answer"),
                            ("feedback", "Right answer given as feedback"),
                            ("certified", "Proposal accepted without an expert"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "given",
                    models.CharField(
                        choices=[
                            ("blind", "No proposal shown"),
                            ("seen", "Beside a proposal"),
                            ("imported", "Imported"),
                            ("certified", "Accepted by a certificate"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="golden_samples",
                        to="labeling.project",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="golden_samples",
                        to="labeling.review",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="golden_samples", to="labeling.sample"
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("retired_at", None)), fields=["project", "id"], name="current_golden"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)), fields=("sample",), name="one_current_golden_answer"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("given__in", ["blind", "seen", "imported", "certified"])),
                        name="given_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("text", models.TextField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "review",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="said",
                        to="labeling.review",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="labeling.sample"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["sample", "-id"], name="newest_comments")],
            },
        ),
        migrations.CreateModel(
            name="Guideline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="guidelines", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["project", "-number"],
                "constraints": [models.UniqueConstraint(fields=("project", "number"), name="guidelines_are_numbered")],
            },
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mentions", to="labeling.comment"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mentions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("seen_at", None)), fields=["user", "-id"], name="open_mentions")
                ],
                "constraints": [models.UniqueConstraint(fields=("comment", "user"), name="mentioned_once")],
            },
        ),
        migrations.CreateModel(
            name="SecondLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "prediction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="labeling.prediction",
                    ),
                ),
                (
                    "review",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="second_look", to="labeling.review"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="81c612576678fd5e948ac9c46853fd3090d26a94",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_10cee",
                    table="labeling_event",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sample",
            trigger=pgtrigger.compiler.Trigger(
                name="forget_vectors",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        PERFORM 1 FROM labeling_textvector AS vector\n        WHERE vector.digest IN (SELECT text_digest FROM gone) ORDER BY vector.digest FOR UPDATE;\n        DELETE FROM labeling_textvector AS vector\n        WHERE vector.digest IN (SELECT text_digest FROM gone)\n        AND NOT EXISTS (SELECT 1 FROM labeling_sample AS sample WHERE sample.text_digest = vector.digest);\n        RETURN NULL;\n    ",
                    hash="13eeb13f8676c641eed4389d849c7af72565e4af",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_forget_vectors_6b577",
                    referencing="REFERENCING OLD TABLE AS gone ",
                    table="labeling_sample",
                    when="AFTER",
                ),
            ),
        ),
        migrations.CreateModel(
            name="Ranking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "basis",
                    models.CharField(
                        blank=True, help_text="What it was computed from: the head, the vectors.", max_length=200
                    ),
                ),
                ("orders", models.JSONField(default=list, help_text="The names of the orders that have places.")),
                (
                    "by_head",
                    models.BooleanField(
                        default=False, help_text="By the chances of a head; else by the vectors alone."
                    ),
                ),
                ("looked_at", models.PositiveIntegerField(default=0, help_text="Training texts that were compared.")),
                ("waiting", models.PositiveIntegerField(default=0, help_text="That waited then, counted to a bound.")),
                (
                    "golden",
                    models.PositiveIntegerField(default=0, help_text="Golden samples that the head had learnt from."),
                ),
                (
                    "doubted",
                    models.PositiveIntegerField(
                        default=0, help_text="The same, when doubtful answers were listed last."
                    ),
                ),
                ("doubted_at", models.DateTimeField(null=True)),
                ("last_sample", models.BigIntegerField(default=0, help_text="The newest sample then.")),
                ("seconds", models.FloatField(default=0.0)),
                ("note", models.TextField(blank=True, help_text="Why texts come by chance, and what to do.")),
                ("ranked_at", models.DateTimeField(null=True)),
                (
                    "wants_blind",
                    models.BooleanField(default=True, help_text="The gate has too few test texts with an answer yet."),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ranking", to="labeling.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.CharField(max_length=20)),
                ("place", models.PositiveIntegerField()),
                (
                    "score",
                    models.FloatField(help_text="By which it has its place, where one number says it.", null=True),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="labeling.project"
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="labeling.sample"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "order", "place"), name="one_sample_per_place")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "teach",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="Percent of training texts by the order below.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                    ),
                ),
                (
                    "random",
                    models.PositiveSmallIntegerField(
                        default=20,
                        help_text="Percent of texts outside the test split that chance draws.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                    ),
                ),
                (
                    "blind",
                    models.PositiveSmallIntegerField(
                        default=20,
                        help_text="Percent of test texts, until the gate has enough of them.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                    ),
                ),
                ("order", models.CharField(default="teach", help_text="Of the training texts.", max_length=20)),
                ("seed", models.PositiveIntegerField(default=1, help_text="Of the order by chance.")),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="review_order", to="labeling.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "teach",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(100), "-", models.F("random")
                                    ),
                                    "-",
                                    models.F("blind"),
                                ),
                            )
                        ),
                        name="streams_add_up_to_100",
                        violation_error_message="The shares of the three streams must add up to 100.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("given", models.PositiveIntegerField(default=0)),
                ("order", models.CharField(blank=True, default="", max_length=20)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="turns", to="labeling.project"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="turns", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "user"), name="one_turn_per_reviewer")],
            },
        ),
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "not_before",
                    models.DateTimeField(help_text="It takes in more news until then; later, when it is tried again."),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LastingNews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("name", models.CharField(max_length=40)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="labeling.project"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "lasting news",
            },
        ),
        migrations.CreateModel(
            name="News",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kind", models.CharField(max_length=20)),
                (
                    "sentence",
                    models.CharField(blank=True, help_text="For people, without texts of samples.", max_length=300),
                ),
                ("path", models.CharField(blank=True, help_text="The page that says more.", max_length=300)),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="news",
                        to="labeling.event",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="news", to="labeling.project"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "news",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="NewsChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kind", models.CharField(max_length=20)),
                ("in_page", models.BooleanField()),
                ("by_mail", models.BooleanField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="news_choices", to="labeling.project"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="news_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("in_page", models.BooleanField(default=True)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "digest",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notifications",
                        to="labeling.digest",
                    ),
                ),
                (
                    "news",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to="labeling.news"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                ("kinds", models.JSONField(default=list, help_text="The kinds of news that it is sent.")),
                ("is_active", models.BooleanField(default=True)),
                ("why_off", models.CharField(blank=True, max_length=200)),
                ("secret_number", models.PositiveIntegerField(default=1)),
                ("fingerprint", models.CharField(blank=True, max_length=16)),
                (
                    "old_secret_until",
                    models.DateTimeField(help_text="Until then the secret before signs, too.", null=True),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="webhooks", to="labeling.project"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("kind", models.CharField(max_length=20)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "tries",
                    models.JSONField(default=list, help_text="Each try: when, status, milliseconds, what was said."),
                ),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "news",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="labeling.news",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="labeling.webhook"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="digest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("attempts", 0), ("state", "waiting")), fields=("user",), name="one_mail_gathers"
            ),
        ),
        migrations.AddIndex(
            model_name="digest",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "sending"])), fields=["id"], name="to_mail"
            ),
        ),
        migrations.AddConstraint(
            model_name="lastingnews",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="lasts_once"),
        ),
        migrations.AddIndex(
            model_name="news",
            index=models.Index(condition=models.Q(("told_at", None)), fields=["id"], name="news_to_tell"),
        ),
        migrations.AddConstraint(
            model_name="newschoice",
            constraint=models.UniqueConstraint(fields=("user", "project", "kind"), name="one_choice_a_kind"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(condition=models.Q(("in_page", True)), fields=["user", "-id"], name="told_in_page"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("in_page", True), ("read_at", None)), fields=["user"], name="unread"
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(fields=("news", "user"), name="told_once"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "sending"])), fields=["not_before"], name="to_deliver"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["webhook", "-id"], name="log_of_webhook"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("webhook", "news"), name="sent_once"),
        ),
    ]
