"""What this floor's REST takes and gives. `uid` is the only id that leaves the house."""

from typing import Any

from rest_framework import serializers

from deployment.models import Deployment, ParityReport, StagedVersion
from deployment.services.verdicts import staleness
from labeling.models import Prediction
from labeling.problems import ProblemError

MAX_TEXT = 20_000
MAX_BATCH = 100
# Of all texts together: some characters grow eighteenfold when texts are compared, and the web process does that.
MAX_BATCH_TEXT = 200_000


class PredictRequest(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_TEXT)


class BatchRequest(serializers.Serializer[Any]):
    texts = serializers.ListField(child=serializers.CharField(max_length=MAX_TEXT), min_length=1, max_length=MAX_BATCH)

    def validate_texts(self, texts: list[str]) -> list[str]:
        """Long texts go in smaller batches, or one by one."""
        if (total := sum(map(len, texts))) > MAX_BATCH_TEXT:
            raise serializers.ValidationError(
                f"The texts have {total} characters together; send at most {MAX_BATCH_TEXT} at once."
            )
        return texts


class PredictionResponse(serializers.ModelSerializer[Prediction]):
    """An answer. `answer` is null where `status` is `failed`; `confidence` is 0 to 1, from token probabilities."""

    prediction = serializers.UUIDField(source="uid")
    model = serializers.CharField(source="model_tag", help_text="The version that answered.")
    answer = serializers.JSONField(allow_null=True)

    class Meta:
        model = Prediction
        fields = ["prediction", "model", "answer", "confidence", "status", "reason", "raw", "latency_ms"]


class BatchItem(PredictionResponse):
    """A prediction; where it failed, the other fields are null and `error` says why."""

    error = serializers.CharField(default="", help_text="Empty, or why this text got no answer.")
    status_code = serializers.IntegerField(default=200)

    class Meta(PredictionResponse.Meta):
        fields = [*PredictionResponse.Meta.fields, "error", "status_code"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        if isinstance(instance, ProblemError):
            blank: dict[str, Any] = dict.fromkeys(PredictionResponse.Meta.fields)
            return blank | {"error": str(instance), "status_code": instance.problem_status}
        return PredictionResponse().to_representation(instance) | {"error": "", "status_code": 200}


class BatchResponse(serializers.Serializer[Any]):
    results = BatchItem(many=True)


class StagedSerializer(serializers.ModelSerializer[StagedVersion]):
    """`verdict_stale`: it passed, but against another version than the one that is live; `stale_because` says which."""

    server = serializers.CharField(source="server.name")
    held_against = serializers.CharField(
        source="held_against.tag", allow_null=True, default=None, help_text="What the verdict compares it with."
    )
    verdict_stale = serializers.SerializerMethodField()
    stale_because = serializers.SerializerMethodField()

    class Meta:
        model = StagedVersion
        fields = [
            "server",
            "tag",
            "state",
            "uploaded_percent",
            "uploaded_digest",
            "layer_digest",
            "manifest_digest",
            "verdict",
            "verdict_sentence",
            "verdict_report",
            "held_against",
            "verdict_stale",
            "stale_because",
            "gate_report",
            "judged_at",
            "staged_at",
            "error",
        ]

    def get_verdict_stale(self, row: StagedVersion) -> bool:
        return bool(self.get_stale_because(row))

    def get_stale_because(self, row: StagedVersion) -> str:
        return staleness(row, self.context["live"])


class ParitySerializer(serializers.ModelSerializer[ParityReport]):
    """Evidence that what is served is what was trained. `ok` is null where a figure is only reported."""

    server = serializers.CharField(source="server.name", allow_null=True, default=None)

    class Meta:
        model = ParityReport
        fields = [
            "uid",
            "question",
            "server",
            "server_version",
            "ok",
            "checked",
            "agreed",
            "bound",
            "limit",
            "trap",
            "sentence",
            "differences",
            "created_at",
        ]


class EditRequest(serializers.Serializer[Any]):
    """An edited Modelfile; only PARAMETER lines and SYSTEM may differ from the version's own."""

    modelfile = serializers.CharField(max_length=100_000, trim_whitespace=False)
    note = serializers.CharField(max_length=300, help_text="Why; it stays with the version.")


class VersionStateResponse(serializers.Serializer[Any]):
    """A version, its file, and where it stands."""

    uid = serializers.UUIDField(source="version.uid")
    number = serializers.IntegerField(source="version.number")
    tag = serializers.CharField(source="version.tag")
    state = serializers.CharField(source="version.state")
    gguf_digest = serializers.CharField(source="version.gguf_digest")
    gguf_bytes = serializers.IntegerField(source="version.gguf_bytes", allow_null=True)
    quantization = serializers.CharField(source="version.quantization")
    proof = serializers.JSONField(source="version.proof")
    error = serializers.CharField(source="version.error")
    origin = serializers.CharField(source="version.origin", help_text="A run's snapshot, another version, or a base.")
    modelfile = serializers.CharField(help_text="As it may be edited; empty while there is none.")
    nowhere = serializers.CharField(help_text="Why it stands on no server that could serve it; empty where it does.")
    staged = StagedSerializer(many=True)
    parity = ParitySerializer(many=True)


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    version = serializers.CharField(source="version.tag")
    previous = serializers.CharField(source="previous.tag", allow_null=True, default=None)
    actor = serializers.CharField(source="actor.username", allow_null=True, default=None)
    evidence = serializers.JSONField()

    class Meta:
        model = Deployment
        fields = [
            "uid",
            "version",
            "previous",
            "action",
            "state",
            "failed_step",
            "actor",
            "automatic",
            "reason",
            "error",
            "move_ms",
            "created_at",
            "live_at",
            "ended_at",
            "evidence",
            "modelfile",
        ]


class PromoteRequest(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0, help_text="The version's number.")
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    may_evict = serializers.BooleanField(default=False, help_text="Yes to throwing models that serve out of memory.")


class RollbackRequest(serializers.Serializer[Any]):
    to = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="A version's number; the one before where absent."
    )
    reason = serializers.CharField(max_length=2000)
    may_evict = serializers.BooleanField(default=False, help_text="Yes to throwing models that serve out of memory.")


class ReloadResponse(serializers.Serializer[Any]):
    live = serializers.CharField(allow_null=True)
    newest = serializers.CharField(allow_null=True)
    loaded_on = serializers.ListField(child=serializers.CharField())
