"""What the REST endpoints of this floor take and give. `uid` is the only id that shows."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.kinds import MAX_LABELS
from labeling.models import Feedback, Given, GoldenSample, Label, Prediction, Project, Sample
from labeling.services.fitting import Fitting
from labeling.services.withdrawals import MAX_REASON

MAX_SAMPLES = 1000
MAX_TEXT = 100_000


@extend_schema_field(OpenApiTypes.OBJECT)
class AnswerField(serializers.JSONField):
    """An answer in its stored form: `{"labels": [...]}`, `{"label": "..."}` or `{"text": "..."}`."""


class LabelSerializer(serializers.ModelSerializer[Label]):
    """One label. Its `uid` stays when it is renamed."""

    class Meta:
        model = Label
        fields = ["uid", "name", "description"]


class NewLabelSerializer(serializers.Serializer[Any]):
    """One label of a list; `uid` says which label it is, where it gets another name."""

    uid = serializers.UUIDField(required=False, default=None, allow_null=True)
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class LabelsSerializer(serializers.Serializer[Any]):
    """All labels that the project is to have, in order."""

    labels = NewLabelSerializer(many=True, max_length=MAX_LABELS)  # type: ignore[call-arg]  # of the list
    leave_out = serializers.BooleanField(
        required=False, default=False, help_text="Go on though approved answers would no longer fit."
    )


class LabelChangeSerializer(serializers.Serializer[Any]):
    """A new name, a new description, or both."""

    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)


class LabelMergeSerializer(serializers.Serializer[Any]):
    into = serializers.UUIDField(help_text="The label that stays.")


class ProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["uid", "key", "name", "description", "kind", "instruction", "max_labels", "created_at"]


class ProjectDetailSerializer(ProjectSerializer):
    labels = LabelSerializer(many=True)
    spec_number = serializers.SerializerMethodField(help_text="The newest frozen form of the task.")

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "labels", "spec_number"]

    def get_spec_number(self, project: Project) -> int | None:
        newest = project.specs.order_by("-number").first()
        return newest.number if newest else None


class SampleSerializer(serializers.ModelSerializer[Sample]):
    answer = serializers.SerializerMethodField(
        help_text="The golden answer in force, in the labels of today's task; null where there is none that fits it."
    )
    given = serializers.SerializerMethodField(help_text="What the giver of the answer had in sight.")

    class Meta:
        model = Sample
        fields = ["uid", "text", "external_id", "split", "way_in", "state", "answer", "given", "created_at"]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_answer(self, sample: Sample) -> dict[str, Any] | None:
        golden = _golden(sample)
        return self._fitting(sample).read(golden.spec_id, golden.answer) if golden else None

    def _fitting(self, sample: Sample) -> Fitting:
        """One for all rows of an answer: they are of one project."""
        context = cast(dict[str, Any], self.context)
        if "fitting" not in context:
            context["fitting"] = Fitting(sample.project.spec.to_spec())
        return cast(Fitting, context["fitting"])

    @extend_schema_field(serializers.ChoiceField(choices=Given.choices, allow_null=True))
    def get_given(self, sample: Sample) -> str | None:
        golden = _golden(sample)
        return golden.given if golden else None


def _golden(sample: Sample) -> GoldenSample | None:
    return next(iter(getattr(sample, "golden_in_force", [])), None)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a sample is withdrawn; it stays with it."""

    reason = serializers.CharField(max_length=MAX_REASON)


class OptionalReasonSerializer(serializers.Serializer[Any]):
    """Why a sample is brought back, where there is something to say."""

    reason = serializers.CharField(max_length=MAX_REASON, required=False, default="", allow_blank=True)


class NewSampleSerializer(serializers.Serializer[Any]):
    """One text to add."""

    text = serializers.CharField(max_length=MAX_TEXT)
    external_id = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    answer = AnswerField(
        required=False, default=None, allow_null=True, help_text="Known answer; only from those who may review."
    )


class NewSamplesSerializer(serializers.Serializer[Any]):
    """Up to 1000 texts to add; all of them or, where one is wrong, none."""

    samples = NewSampleSerializer(many=True, allow_empty=False, max_length=MAX_SAMPLES)  # type: ignore[call-arg]  # of the list


class AddedSamplesSerializer(serializers.Serializer[Any]):
    """The samples of all texts, in order; `created` counts those that were not there before."""

    created = serializers.IntegerField()
    samples = SampleSerializer(many=True)


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    sample = serializers.UUIDField(source="sample.uid", allow_null=True, default=None, read_only=True)
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    answer = AnswerField(allow_null=True)

    class Meta:
        model = Prediction
        fields = [
            "uid", "sample", "model_tag", "spec_number", "answer", "status", "reason", "raw", "confidence",
            "latency_ms", "source", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class FeedbackSerializer(serializers.ModelSerializer[Feedback]):
    prediction = serializers.UUIDField(source="prediction.uid", read_only=True)
    told = serializers.CharField(source="get_effect_display", read_only=True, help_text="`effect` in a sentence.")

    class Meta:
        model = Feedback
        fields = ["uid", "prediction", "thumb", "comment", "answer", "effect", "told", "created_at"]


class NewFeedbackSerializer(serializers.Serializer[Any]):
    """A thumb, a comment or the right answer; at least one of them."""

    prediction = serializers.UUIDField(help_text="`prediction` of the answer to a predict request.")
    thumb = serializers.ChoiceField(choices=Feedback.Thumb.choices, required=False, allow_null=True, default=None)
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=5000)
    answer = AnswerField(required=False, default=None, allow_null=True)
