"""What this floor's REST gives. `uid` is the only id that leaves the house."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from evaluation.models import Benchmark, CaseResult, GateReport


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object."""


class BenchmarkSerializer(serializers.ModelSerializer[Benchmark]):
    version = serializers.CharField(source="version.tag", read_only=True)
    server = serializers.CharField(source="staged.server.name", read_only=True)
    suite = serializers.CharField(source="suite.digest", read_only=True, help_text="The same digest: the same cases.")
    left_out = ObjectField(
        source="suite.left_out",
        read_only=True,
        help_text="Approved test answers that are no cases: how many, by reason.",
    )
    metrics = ObjectField(
        read_only=True, help_text="Empty until it has succeeded. `main` is the figure that is judged."
    )

    class Meta:
        model = Benchmark
        fields = [
            "uid", "version", "server", "suite", "left_out", "decoding", "state", "cases", "done", "metrics",
            "attempts", "error", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class CaseSerializer(serializers.ModelSerializer[CaseResult]):
    """The trace of one case."""

    position = serializers.IntegerField(source="case.position", read_only=True)
    sample = serializers.UUIDField(source="case.sample.uid", allow_null=True, default=None, read_only=True)
    text = serializers.CharField(source="case.text", read_only=True)
    expected = ObjectField(source="case.expected", read_only=True)
    answer = ObjectField(read_only=True, allow_null=True, help_text="Null where nothing could be read.")
    scores = ObjectField(read_only=True)
    messages = serializers.ListField(child=serializers.DictField(child=serializers.CharField()), read_only=True)

    class Meta:
        model = CaseResult
        fields = [
            "position", "sample", "text", "expected", "answer", "raw", "status", "reason", "exact", "scores",
            "latency_ms", "messages",
        ]  # fmt: skip


class CheckSerializer(serializers.Serializer[Any]):
    """One thing that the gate looked at."""

    name = serializers.CharField()
    ok = serializers.BooleanField()
    value = serializers.FloatField()
    bound = serializers.FloatField()
    detail = serializers.CharField()


class GateReportSerializer(serializers.ModelSerializer[GateReport]):
    version = serializers.CharField(source="staged.version.tag", read_only=True)
    server = serializers.CharField(source="staged.server.name", read_only=True)
    candidate = serializers.UUIDField(
        source="candidate.uid", allow_null=True, default=None, read_only=True, help_text="The version's benchmark."
    )
    reference = serializers.UUIDField(
        source="reference.uid", allow_null=True, default=None, read_only=True, help_text="That benchmark."
    )
    held_against = serializers.CharField(
        source="held_against.tag",
        allow_null=True,
        default=None,
        read_only=True,
        help_text="The version that it was held against; the verdict speaks of no other.",
    )
    checks = CheckSerializer(many=True, read_only=True)
    policy = ObjectField(read_only=True, help_text="The gate's policy as it was.")

    class Meta:
        model = GateReport
        fields = [
            "uid", "version", "server", "verdict", "sentence", "checks", "policy", "candidate", "reference",
            "held_against", "created_at",
        ]  # fmt: skip


class JudgeRequest(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0, help_text="The version's number.")


class JudgeResponse(serializers.Serializer[Any]):
    """What was queued; the report appears under `gate-reports`."""

    queued = serializers.ListField(child=serializers.CharField(), help_text="The version on each of its servers.")
