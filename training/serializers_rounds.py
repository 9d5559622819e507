"""What this floor's REST takes and gives of rounds."""

from typing import Any

from rest_framework import serializers

from common.rest import Strict
from training.models import TrainingRound
from training.standing import Told, told


class StandingSerializer(serializers.Serializer[Any]):
    """A run among those of its round."""

    run = serializers.UUIDField(source="run.uid")
    method = serializers.CharField(source="run.method")
    base = serializers.CharField(source="run.base.name")
    state = serializers.CharField(source="run.state")
    version = serializers.IntegerField(source="run.version.number", allow_null=True, default=None)
    is_candidate = serializers.BooleanField()
    figure = serializers.FloatField(allow_null=True, help_text="On the validation rows that all have answered.")
    behind = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="By how much the best is better, and the ends of the 95 % interval (paired bootstrap).",
    )
    answer_ms = serializers.FloatField(allow_null=True, help_text="Milliseconds of an answer; null: not measured yet.")
    obstacle = serializers.CharField(help_text="Why it cannot be the candidate; empty where it can.")


class RoundSerializer(serializers.Serializer[Any]):
    """Runs of several methods on one snapshot, and which of them is the candidate."""

    uid = serializers.UUIDField(source="round.uid")
    state = serializers.ChoiceField(source="round.state", choices=["open", "settled", "failed"])
    trigger = serializers.CharField(source="round.trigger")
    snapshot = serializers.UUIDField(source="round.snapshot.uid")
    margin = serializers.FloatField(source="round.margin")
    sentence = serializers.CharField(help_text="The verdict in words; empty while there is none.")
    rows = serializers.IntegerField(source="round.verdict.rows", default=None, allow_null=True)
    left_out = serializers.ListField(source="round.left_out", child=serializers.CharField())
    runs = StandingSerializer(many=True)
    created_at = serializers.DateTimeField(source="round.created_at")
    settled_at = serializers.DateTimeField(source="round.settled_at", allow_null=True)

    def to_representation(self, instance: TrainingRound | Told) -> dict[str, Any]:
        """A row of a list as it was when it was settled; what was told already as it is."""
        shown = told(instance, now=False) if isinstance(instance, TrainingRound) else instance
        found: dict[str, Any] = super().to_representation(shown)
        return found


class StartRoundSerializer(Strict):
    """What the retrain policy lists says the rest."""

    snapshot = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Absent: the golden samples as they are now."
    )
    again = serializers.BooleanField(
        required=False, default=False, help_text="Yes to runs that are there, with the same options and seed."
    )
