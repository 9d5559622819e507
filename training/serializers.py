"""What this floor's REST takes and gives. `uid` is the only id that leaves the house."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from training.models import BaseModel, ModelVersion, RunEvent, Snapshot, TrainingProfile, TrainingRun


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object."""


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    left_out = ObjectField(read_only=True, help_text="Approved answers that do not fit the spec: how many, by reason.")

    class Meta:
        model = Snapshot
        fields = [
            "uid", "digest", "spec_number", "train_rows", "validation_rows", "test_rows", "left_out", "note",
            "created_at",
        ]  # fmt: skip


class RunSerializer(serializers.ModelSerializer[TrainingRun]):
    snapshot = serializers.UUIDField(source="snapshot.uid", read_only=True)
    profile = serializers.CharField(source="profile.name", allow_null=True, default=None, read_only=True)
    base = serializers.CharField(source="base.name", read_only=True)
    requested_by = serializers.CharField(
        source="requested_by.username", allow_null=True, default=None, read_only=True, help_text="Null: the trigger."
    )
    version = serializers.CharField(
        source="version.tag", allow_null=True, default=None, read_only=True, help_text="Null until the run succeeded."
    )

    class Meta:
        model = TrainingRun
        fields = [
            "uid", "state", "trigger", "snapshot", "profile", "base", "requested_by", "step", "total_steps", "loss",
            "version", "error", "attempts", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class RunDetailSerializer(RunSerializer):
    config = ObjectField(read_only=True, help_text="The resolved configuration of the engine.")
    environment = ObjectField(read_only=True, help_text="Library versions and device, as the engine saw them.")
    metrics = ObjectField(read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "cancel_requested", "config", "environment", "metrics"]


class StartRunSerializer(serializers.Serializer[Any]):
    """Everything is optional: the project's retrain policy gives what is not said."""

    profile = serializers.SlugRelatedField(
        slug_field="name", queryset=TrainingProfile.objects.all(), required=False, allow_null=True, default=None
    )
    base = serializers.SlugRelatedField(
        slug_field="name", queryset=BaseModel.objects.trainable(), required=False, allow_null=True, default=None
    )
    snapshot = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Absent: the golden samples as they are now."
    )
    overrides = ObjectField(
        required=False, default=dict, help_text="Options of the engine that go before those of the profile."
    )

    def validate_overrides(self, value: Any) -> dict[str, Any]:
        """Options are named, so anything but an object is refused."""
        if not isinstance(value, dict):
            raise serializers.ValidationError("This must be an object.")
        return value


class BaselineSerializer(serializers.Serializer[Any]):
    """The base model that becomes version 0."""

    base = serializers.SlugRelatedField(slug_field="name", queryset=BaseModel.objects.trainable())


class EventSerializer(serializers.ModelSerializer[RunEvent]):
    payload = ObjectField()

    class Meta:
        model = RunEvent
        fields = ["seq", "kind", "at", "payload"]


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    run = serializers.UUIDField(source="run.uid", allow_null=True, default=None, read_only=True)
    snapshot = serializers.UUIDField(source="run.snapshot.uid", allow_null=True, default=None, read_only=True)
    base = serializers.CharField(source="base.name", read_only=True)
    derived_from = serializers.CharField(
        source="derived_from.tag", allow_null=True, default=None, read_only=True, help_text="Whose weights it has."
    )
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    tag = serializers.CharField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = [
            "uid", "number", "tag", "state", "base", "spec_number", "run", "snapshot", "derived_from", "parameters",
            "system", "note", "adapter_digest", "gguf_digest", "gguf_bytes", "quantization", "error", "created_at",
        ]  # fmt: skip
