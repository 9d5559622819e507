"""Shapes of predictions and of the feedback on them."""

from rest_framework import serializers

from common.rest import FiguresField, ObjectField, PageQuery, Row, Strict
from labeling.models import Feedback, Prediction
from labeling.serializers import AnswerField


class SharedRow(Row):
    """A prediction with how sure it is."""

    label_chances = FiguresField(
        read_only=True,
        allow_null=True,
        help_text="Of the likeliest labels, each by itself: a head's probability (0 to 1); null of other models.",
    )


class PredictionSerializer(SharedRow):
    sample = serializers.UUIDField(source="sample.uid", allow_null=True, default=None, read_only=True)
    model = serializers.CharField(source="model_tag", read_only=True, help_text="The model that answered.")
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    metadata = ObjectField(read_only=True)
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    answer = AnswerField(allow_null=True)

    class Meta:
        model = Prediction
        fields = [
            "uid", "sample", "model", "spec_number", "answer", "status", "reason", "raw", "confidence", "share",
            "label_chances", "latency_ms", "source", "external_id", "tags", "metadata", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class FeedbackSerializer(Row):
    prediction = serializers.UUIDField(source="prediction.uid", read_only=True)
    told = serializers.CharField(source="get_effect_display", read_only=True, help_text="`effect` in a sentence.")

    class Meta:
        model = Feedback
        fields = ["uid", "prediction", "thumb", "comment", "answer", "effect", "told", "created_at"]


class NewFeedbackSerializer(Strict):
    """A thumb, a comment or the right answer; at least one of them."""

    example = {"prediction": "0192f3a4-5b6c-7d8e-9f01-23456789abcd", "answer": {"labels": ["billing"]}}

    prediction = serializers.UUIDField(help_text="`uid` of the answer to a predict request.")
    thumb = serializers.ChoiceField(choices=Feedback.Thumb.choices, required=False, allow_null=True, default=None)
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=5000)
    answer = AnswerField(required=False, default=None, allow_null=True)


class FeedbackQuery(PageQuery):
    """Which feedback."""

    thumb = serializers.ChoiceField(choices=Feedback.Thumb.choices, required=False)
    effect = serializers.ChoiceField(choices=Feedback.Effect.choices, required=False)
    prediction = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False, help_text="From this time on.")
