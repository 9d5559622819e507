"""What REST takes and gives of decisions, golden samples and predictions, as lists."""

from rest_framework import serializers

from common.rest import PageQuery, Row, Strict
from labeling.models import Given, GoldenSample, Prediction, Review
from labeling.serializers import AnswerField


class ReviewSerializer(Row):
    sample = serializers.UUIDField(source="sample.uid", read_only=True)
    prediction = serializers.UUIDField(source="prediction.uid", allow_null=True, default=None, read_only=True)
    reviewer = serializers.CharField(source="reviewer.username", read_only=True)
    undoes = serializers.UUIDField(source="undoes.uid", allow_null=True, default=None, read_only=True)
    spec_number = serializers.IntegerField(source="spec.number", read_only=True)
    answer = AnswerField(allow_null=True, read_only=True)

    class Meta:
        model = Review
        fields = [
            "uid", "sample", "action", "answer", "comment", "reviewer", "prediction", "undoes", "spec_number",
            "seconds", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class ReviewsQuery(PageQuery):
    """Which decisions."""

    action = serializers.ChoiceField(choices=Review.Action.choices, required=False)
    reviewer = serializers.CharField(max_length=150, required=False, help_text="A user name.")
    sample = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False, help_text="From this time on.")


class NewReviewSerializer(Strict):
    """A decision on a sample that waits: its answer, or that it has none that is of use."""

    example = {"action": "correct", "answer": {"labels": ["billing"]}}

    action = serializers.ChoiceField(choices=["correct", "reject", "reopen"])
    answer = AnswerField(required=False, default=None, allow_null=True, help_text="Of `correct`.")
    comment = serializers.CharField(max_length=5000, required=False, default="", allow_blank=True)

    def validate(self, given: dict[str, object]) -> dict[str, object]:
        """An answer belongs to `correct`."""
        if (given["answer"] is None) == (given["action"] == "correct"):
            raise serializers.ValidationError({"answer": "Send it with `correct`, and with nothing else."})
        return given


class GoldenSerializer(Row):
    sample = serializers.UUIDField(source="sample.uid", read_only=True)
    external_id = serializers.CharField(source="sample.external_id", read_only=True)
    text = serializers.CharField(source="sample.text", read_only=True)
    split = serializers.CharField(source="sample.split", read_only=True)
    spec_number = serializers.IntegerField(source="spec.number", read_only=True, help_text="Of the answer.")
    answer = AnswerField(read_only=True)

    class Meta:
        model = GoldenSample
        fields = [
            "uid", "sample", "external_id", "text", "split", "answer", "given", "source", "spec_number", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class GoldenQuery(PageQuery):
    """Which golden samples."""

    given = serializers.ChoiceField(choices=Given.choices, required=False)
    source = serializers.ChoiceField(choices=GoldenSample.Source.choices, required=False)  # type: ignore[assignment]  # its name
    since = serializers.DateTimeField(required=False, help_text="From this time on.")


class PredictionsQuery(PageQuery):
    """Which predictions."""

    source = serializers.ChoiceField(choices=Prediction.Source.choices, required=False)  # type: ignore[assignment]  # its name
    model = serializers.CharField(max_length=200, required=False, help_text="The model that answered, such as shop:v3.")
    external_id = serializers.CharField(max_length=200, required=False, help_text="As it was sent with the text.")
    sample = serializers.UUIDField(required=False)
    tag = serializers.CharField(max_length=60, required=False)
    since = serializers.DateTimeField(required=False, help_text="From this time on.")
