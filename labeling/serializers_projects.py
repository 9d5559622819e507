"""What REST takes and gives of projects, their frozen tasks, members and tokens."""

from typing import Any

from rest_framework import serializers

from common.rest import ObjectField, PageQuery, Row, Strict
from labeling import keys
from labeling.kinds import MAX_LABELS, kind_choices
from labeling.models import ApiToken, Membership, Role, Scope, TaskSpec
from labeling.serializers_labels import NewLabelSerializer

MAX_INSTRUCTION = 20_000
MOST_SPECS = 20


class TaskFields(Strict):
    """What is asked: each change of it freezes a new task."""

    instruction = serializers.CharField(max_length=MAX_INSTRUCTION, required=False)
    prompt_template = serializers.CharField(
        max_length=MAX_INSTRUCTION, required=False, trim_whitespace=False,
        help_text="The user message, kept as it is; `{text}` is the sample's text.",
    )  # fmt: skip
    max_labels = serializers.IntegerField(min_value=1, max_value=32_767, required=False)
    schema = ObjectField(required=False, allow_null=True, help_text="Of kinds whose JSON schema is your own.")
    decoding = ObjectField(required=False, help_text="Options of every request, such as `temperature`.")
    thinking = serializers.BooleanField(required=False)
    lists_labels = serializers.BooleanField(required=False)


class NewSpecSerializer(TaskFields):
    """A new form of the task; what is left out stays. `labels` are then all that the project has."""

    example = {"instruction": "Which topics does the message speak of? Choose one or more."}

    labels = NewLabelSerializer(many=True, required=False, max_length=MAX_LABELS)  # type: ignore[call-arg]  # of the list
    leave_out = serializers.BooleanField(
        required=False, default=False, help_text="Go on though approved answers would no longer fit."
    )


class SharesFields(Strict):
    """Percent of new texts; the three add up to 100. What is there does not move."""

    train_share = serializers.IntegerField(min_value=0, max_value=100, required=False)
    validation_share = serializers.IntegerField(min_value=0, max_value=100, required=False)
    test_share = serializers.IntegerField(min_value=0, max_value=100, required=False)


class NewProjectSerializer(TaskFields, SharesFields):
    """A project with its task."""

    example = {
        "key": "letters", "name": "Letters", "kind": "multi_label", "instruction": "Which topics does it speak of?",
        "labels": [{"name": "billing"}, {"name": "delivery"}],
    }  # fmt: skip

    key = serializers.CharField(max_length=keys.LONGEST, help_text="It names models and addresses, and never changes.")
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=kind_choices())
    instruction = serializers.CharField(max_length=MAX_INSTRUCTION)
    keep_api_texts = serializers.BooleanField(required=False)
    labels = NewLabelSerializer(many=True, required=False, max_length=MAX_LABELS)  # type: ignore[call-arg]  # of the list


class ProjectChangeSerializer(SharesFields):
    """What of a project is no part of the task; what is left out stays. The task changes by a new spec."""

    example = {"name": "Letters", "description": "What customers write to us."}

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    keep_api_texts = serializers.BooleanField(
        required=False, help_text="Whether texts that are asked through the API become samples."
    )


class SpecLabelSerializer(serializers.Serializer[Any]):
    """A label as it was when the task was frozen."""

    uid = serializers.CharField(source="id", default="")
    name = serializers.CharField()
    description = serializers.CharField(default="")


class SpecSerializer(Row):
    """A frozen form of the task. Versions, answers and suites point to the one that they were made under."""

    labels = SpecLabelSerializer(many=True)
    decoding = ObjectField()

    class Meta:
        model = TaskSpec
        fields = [
            "uid", "number", "kind", "instruction", "labels", "max_labels", "prompt_template", "schema", "decoding",
            "thinking", "lists_labels", "created_at",
        ]  # fmt: skip


class SpecsQuery(PageQuery):
    """Each holds all labels of the project, so a page has few."""

    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MOST_SPECS)


class MemberSerializer(Row):
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ["uid", "username", "role", "ends_on", "created_at"]


class RoleSerializer(Strict):
    """The role that somebody is to have."""

    role = serializers.ChoiceField(choices=Role.choices)
    ends_on = serializers.DateField(
        required=False, allow_null=True, help_text="Its last day; null: no end. Left out, it stays as it is."
    )


class TokenSerializer(Row):
    projects = serializers.SerializerMethodField(help_text="Their keys.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiToken
        fields = ["uid", "name", "prefix", "projects", "scopes", "expires_at", "revoked_at", "last_used_at"]
        fields += ["created_at"]

    def get_projects(self, token: ApiToken) -> list[str]:
        return sorted(project.key for project in token.projects.all())


class NewTokenSerializer(Strict):
    """A token for oneself."""

    example = {"name": "mail robot", "projects": ["shop"], "scopes": ["predict", "feedback"]}

    name = serializers.CharField(max_length=100)
    projects = serializers.ListField(child=serializers.CharField(max_length=keys.LONGEST), min_length=1, max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=20)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class TokenMadeSerializer(TokenSerializer):
    secret = serializers.SerializerMethodField(help_text="Shown this once; only its SHA-256 is kept.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]

    def get_secret(self, token: ApiToken) -> str:
        return str(self.context.get("secret", ""))
