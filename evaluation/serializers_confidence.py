"""What REST says of confidence and automatic acceptance, and takes."""

from typing import Any

from rest_framework import serializers

from common.rest import Figure, Row, Strict
from evaluation.models import AcceptPolicy, Calibration, Certificate

REOPEN, KEEP = "reopen", "keep"


class BinSerializer(serializers.Serializer[Any]):
    """Neighbours by their share."""

    count = serializers.IntegerField()
    said = Figure(help_text="The mean of their shares.")
    right = Figure(help_text="The share that is right, and its 95 % interval (Wilson).")
    low = Figure()
    high = Figure()


class ConfidenceSerializer(serializers.Serializer[Any]):
    """What a version's confidence is worth; figures are null while its held-out cases are fewer than `needed`.

    Intervals are of 95 %.
    """

    fitted_by = serializers.ChoiceField(
        source="source",
        choices=Calibration.Source.choices,
        default=Calibration.Source.NONE,
        help_text="What the map from confidence to share was fitted on. `cases`: each case is judged by another fit.",
    )
    fitted_on = serializers.IntegerField(default=0)
    cases = serializers.IntegerField(default=0, help_text="Held-out answers; near-duplicates count once.")
    needed = serializers.IntegerField(default=None, allow_null=True)
    unread = serializers.IntegerField(default=0, help_text="Cases whose answer could not be read.")
    silent = serializers.IntegerField(default=0, help_text="Answers without a confidence.")
    calibration_error = Figure(source="figures.error", default=None)
    calibration_error_interval = serializers.ListField(
        source="figures.error_interval", child=Figure(), default=None, allow_null=True
    )
    calibration_error_by_chance = Figure(
        source="figures.by_chance", default=None, help_text="What perfect shares would have on so many answers."
    )
    auc = Figure(source="figures.auc", default=None, help_text="How well confidence tells right answers from wrong.")
    auc_interval = serializers.ListField(source="figures.auc_interval", child=Figure(), default=None, allow_null=True)
    bins = BinSerializer(source="figures.bins", many=True, default=None, allow_null=True)
    digest = serializers.CharField(default="", help_text="Of the answers and the map that it was made of.")
    created_at = serializers.DateTimeField(default=None, allow_null=True)


class AcceptPolicyRequest(Strict):
    """The policy; every field is optional."""

    enabled = serializers.BooleanField(required=False)
    wrong = serializers.FloatField(required=False, min_value=0.001, max_value=0.5, help_text="Of what is accepted.")
    confidence = serializers.FloatField(required=False, min_value=0.5, max_value=0.999, help_text="How sure.")
    audit_share = serializers.FloatField(
        required=False, min_value=0.01, max_value=1, help_text="Of what could be accepted, still answered by experts."
    )


class AcceptPolicySerializer(Row):
    class Meta:
        model = AcceptPolicy
        fields = ["enabled", "wrong", "confidence", "audit_share"]


class CertificateSerializer(Row):
    version = serializers.IntegerField(source="version.number")
    share = Figure(help_text="Of the held-out cases, the share that it accepts.")

    class Meta:
        model = Certificate
        fields = [
            "uid", "version", "wrong", "confidence", "level", "cases", "needed", "threshold", "accepted",
            "accepted_wrong", "bound", "share", "ended_at", "ending", "created_at",
        ]  # fmt: skip


class AuditSerializer(serializers.Serializer[Any]):
    """Of the part that is drawn by chance."""

    waiting = serializers.IntegerField()
    right = serializers.IntegerField()
    wrong = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Rejected, withdrawn, or answered beside a model's.")
    stake = Figure(help_text="At `limit` the certificate is withdrawn.")
    limit = Figure()


class AutoAcceptSerializer(serializers.Serializer[Any]):
    """Automatic acceptance in a project."""

    policy = AcceptPolicySerializer()
    sentence = serializers.CharField(help_text="What happens now, and why.")
    cases = serializers.IntegerField(help_text="Held-out answers of what is live.")
    wanted = serializers.IntegerField(help_text="Held-out answers that the next look takes; 0: there is none.")
    certificate = CertificateSerializer(allow_null=True, help_text="What is in force; null where nothing is.")
    audit = AuditSerializer()
    accepted = serializers.IntegerField(
        help_text="Answers in force that were accepted by open certificates; counted to 1000, and 1001 means more."
    )
    undone = serializers.IntegerField(help_text="Accepted, and no longer in force; counted to 1000 in the same way.")
    reopening = serializers.IntegerField(
        help_text="Still to go back to review, by a worker; counted to 1000 in the same way."
    )
    broken = CertificateSerializer(many=True, help_text="Withdrawn by their audit; nobody has decided since.")


class DecideRequest(Strict):
    """What becomes of what was accepted."""

    accepted = serializers.ChoiceField(choices=[REOPEN, KEEP])


class DecideResponse(serializers.Serializer[Any]):
    reopened = serializers.IntegerField(
        help_text="Texts that go back to review: a worker sends them, and `reopening` tells how many are left."
    )
