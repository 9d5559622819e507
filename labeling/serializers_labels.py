"""What the REST endpoints of a project's labels take and give."""

from rest_framework import serializers

from common.rest import Query, Row, Strict
from labeling.kinds import MAX_LABELS
from labeling.models import Label


class LabelSerializer(Row):
    """One label. Its `uid` stays when it is renamed."""

    class Meta:
        model = Label
        fields = ["uid", "name", "description"]


class NewLabelSerializer(Strict):
    """One label of a list; `uid` says which label it is, where it gets another name."""

    uid = serializers.UUIDField(required=False, default=None, allow_null=True)
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class LabelsSerializer(Strict):
    """All labels that the project is to have, in order."""

    labels = NewLabelSerializer(many=True, max_length=MAX_LABELS)  # type: ignore[call-arg]  # of the list
    leave_out = serializers.BooleanField(
        required=False, default=False, help_text="Go on though approved answers would no longer fit."
    )


class LabelChangeSerializer(Strict):
    """A new name, a new description, or both."""

    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)


class RemoveLabelQuery(Query):
    leave_out = serializers.BooleanField(
        required=False, default=False, help_text="Go on though approved answers use it; they are left out."
    )


class LabelMergeSerializer(Strict):
    """Which label takes the other in."""

    into = serializers.UUIDField(help_text="The label that stays.")
