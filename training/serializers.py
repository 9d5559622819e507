"""What this floor's REST takes and gives. `uid` is the only id that leaves the house."""

from typing import Any

from rest_framework import serializers

from common.rest import FiguresField, ObjectField, PageQuery, Row, Strict
from common.text import storable
from training.methods import method_choices
from training.models import BaseModel, ModelVersion, RunEvent, Snapshot, TrainingProfile, TrainingRun


class SnapshotSerializer(Row):
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    left_out = ObjectField(read_only=True, help_text="Approved answers that do not fit the spec: how many, by reason.")

    class Meta:
        model = Snapshot
        fields = [
            "uid", "digest", "spec_number", "train_rows", "validation_rows", "test_rows", "left_out", "note",
            "created_at",
        ]  # fmt: skip


class RunSerializer(Row):
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    profile = serializers.CharField(source="profile.name", allow_null=True, default=None, read_only=True)
    base = serializers.CharField(source="base.name", read_only=True)
    method = serializers.CharField(read_only=True, help_text="What is made of the base.")
    requested_by = serializers.CharField(
        source="requested_by.username", allow_null=True, default=None, read_only=True, help_text="Null: the trigger."
    )
    version = serializers.IntegerField(
        source="version.number", allow_null=True, default=None, read_only=True, help_text="Null until it succeeded."
    )

    round = serializers.UUIDField(
        source="round.uid", allow_null=True, default=None, read_only=True, help_text="Null: it was started alone."
    )

    class Meta:
        model = TrainingRun
        fields = [
            "uid", "state", "round", "trigger", "snapshot", "profile", "base", "method", "requested_by", "step",
            "total_steps", "loss", "version", "error", "ending", "ordered", "retry_at", "attempts", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip


class RunsQuery(PageQuery):
    """Which runs."""

    state = serializers.ChoiceField(choices=TrainingRun.State.choices, required=False)
    method = serializers.ChoiceField(choices=method_choices(), required=False)
    snapshot = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False, help_text="Asked for from this time on.")


class RunDetailSerializer(RunSerializer):
    config = ObjectField(read_only=True, help_text="The resolved configuration of the engine.")
    environment = ObjectField(read_only=True, help_text="Library versions and device, as the engine saw them.")
    metrics = FiguresField(
        read_only=True,
        help_text="Of a run that has ended. `figure`: of the validation rows' answers, by the task's own measure; "
        "`kept_step`: the step that was the best by it.",
    )

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "config", "environment", "metrics"]


class NamedField(serializers.SlugRelatedField[Any]):
    """A row by its name, whatever was sent in place of one."""

    default_error_messages = {"does_not_exist": "There is no {slug_name} {value}."}

    def __init__(self, noun: str, **options: Any) -> None:
        super().__init__(slug_field="name", **options)
        self.noun = noun

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or storable(data) != data or len(data) > 200:
            self.fail("does_not_exist", slug_name=self.noun, value=ascii(data)[:100])
        rows = self.get_queryset()
        found = rows.filter(name=data).first() if rows is not None else None
        return found or self.fail("does_not_exist", slug_name=self.noun, value=data)


class StartRunSerializer(Strict):
    """Everything is optional: the project's retrain policy gives what is not said."""

    profile = NamedField(
        "training profile", queryset=TrainingProfile.objects.all(), required=False, allow_null=True, default=None
    )
    base = NamedField(
        "base model", queryset=BaseModel.objects.trainable(), required=False, allow_null=True, default=None
    )
    method = serializers.ChoiceField(
        choices=method_choices(), required=False, allow_null=True, default=None, help_text="What is made of the base."
    )
    snapshot = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Absent: the golden samples as they are now."
    )
    overrides = ObjectField(
        required=False, default=dict, help_text="Options of the engine that go before those of the profile."
    )
    again = serializers.BooleanField(
        required=False, default=False, help_text="Yes to a second run on the same snapshot, options and seed."
    )


class BaselineSerializer(Strict):
    """The base model that becomes version 0."""

    base = NamedField("base model", queryset=BaseModel.objects.language_models())


class BaseSerializer(Row):
    """A base model as a worker saw it; `refused` ones cannot be chosen."""

    facts = ObjectField(read_only=True, help_text="Architecture, parameters, context and so on; empty until looked at.")
    problems = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Sentences on why it cannot be used."
    )

    class Meta:
        model = BaseModel
        fields = ["uid", "name", "role", "revision", "state", "looked_at", "facts", "problems", "created_at"]


class EventSerializer(Row):
    payload = FiguresField(help_text="An `evaluation` has `eval_loss` and the `figure` of the answers.")

    class Meta:
        model = RunEvent
        fields = ["seq", "kind", "at", "payload"]


class VersionSerializer(Row):
    run = serializers.UUIDField(source="run.uid", allow_null=True, default=None, read_only=True)
    snapshot = serializers.UUIDField(source="run.snapshot.uid", allow_null=True, default=None, read_only=True)
    base = serializers.CharField(source="base.name", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True, help_text="Its number in the project.")
    model = serializers.CharField(source="tag", read_only=True, help_text="Its name, as predictions say it.")
    derived_from = serializers.IntegerField(
        source="derived_from.number", allow_null=True, default=None, read_only=True, help_text="Whose weights it has."
    )
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    head = FiguresField(
        source="head_told",
        read_only=True,
        help_text="Of a head: its encoder, what calibration and thresholds came to, and `only_described` and "
        "`untaught`, the labels that no training row has. Empty of other versions.",
    )

    class Meta:
        model = ModelVersion
        fields = [
            "uid", "version", "model", "method", "base", "spec_number", "run", "snapshot", "derived_from", "parameters",
            "system", "note", "adapter_digest", "head", "created_at",
        ]  # fmt: skip
