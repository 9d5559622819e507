"""What this floor's REST gives. `uid` is the only id that leaves the house."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.rest import Figure, FiguresField, ObjectField, PageQuery, Row, Strict
from deployment.models import Verdict
from evaluation import neighbours, queries
from evaluation.effort import effort
from evaluation.models import Benchmark, CaseResult, GateReport
from evaluation.seeds import spread_of
from evaluation.serializers_history import EffortSerializer, SpreadSerializer
from labeling.models import Hard
from labeling.serializers import InputField


class BenchmarkSerializer(Row):
    version = serializers.IntegerField(source="version.number", read_only=True)
    server = serializers.CharField(source="staged.server.name", read_only=True)
    suite = serializers.CharField(source="suite.digest", read_only=True, help_text="The same digest: the same cases.")
    is_hard = serializers.BooleanField(
        source="suite.is_hard",
        read_only=True,
        help_text="On the hard cases, which may refuse a version and never promote it; else on those that chance drew.",
    )
    about = ObjectField(
        source="suite.about",
        read_only=True,
        help_text="Of the suite's cases: answered `blind` or `imported`; `skipped` test texts beside them, without an "
        "answer; `near`: how many `of` them have a training text with a cosine of `at` or more (null: not known).",
    )
    left_out = ObjectField(
        source="suite.left_out",
        read_only=True,
        help_text="Approved test answers that are no cases: how many, by reason.",
    )
    metrics = FiguresField(
        read_only=True, help_text="Empty until it has succeeded. `main` is the figure that is judged."
    )

    class Meta:
        model = Benchmark
        fields = [
            "uid", "version", "server", "suite", "is_hard", "about", "left_out", "decoding", "state", "cases", "done",
            "metrics", "attempts", "error", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class NeighbourSerializer(serializers.Serializer[Any]):
    """A simple method on the same cases."""

    name = serializers.CharField()
    title = serializers.CharField()
    main = Figure(allow_null=True, help_text="The figure that is judged.")
    main_metric = serializers.CharField(allow_null=True, help_text="Its name, which says by what definition.")
    main_interval = serializers.ListField(child=Figure(), allow_null=True, help_text="Its 95 % interval.")


class BenchmarkDetailSerializer(BenchmarkSerializer):
    neighbours = serializers.SerializerMethodField(help_text="Simple methods that learnt from the same golden samples.")
    below = serializers.SerializerMethodField(help_text="Says so where the best of them beats the version; else empty.")
    seeds = serializers.SerializerMethodField(
        help_text="The same recipe with other seeds on these cases; null where none is there."
    )

    class Meta(BenchmarkSerializer.Meta):
        fields = [*BenchmarkSerializer.Meta.fields, "neighbours", "below", "seeds"]

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_neighbours(self, row: Benchmark) -> Any:
        """With their titles."""
        return NeighbourSerializer(neighbours.told(row, queries.baselines_of(row)), many=True).data

    def get_below(self, row: Benchmark) -> str:
        """As the page has it."""
        return neighbours.below_best(row, queries.baselines_of(row))

    @extend_schema_field(SpreadSerializer(allow_null=True))
    def get_seeds(self, row: Benchmark) -> Any:
        """By version."""
        found = spread_of(row)
        return SpreadSerializer(found).data if found else None


class CaseSerializer(Row):
    """The trace of one case."""

    position = serializers.IntegerField(source="case.position", read_only=True)
    sample = serializers.UUIDField(source="case.sample.uid", allow_null=True, default=None, read_only=True)
    text = serializers.CharField(source="case.text", read_only=True)
    input = InputField(source="case.input", allow_null=True, read_only=True, help_text="Where it is more than `text`.")
    expected = ObjectField(source="case.expected", read_only=True)
    reasons = serializers.ListField(
        child=serializers.CharField(),
        source="case.reasons",
        read_only=True,
        help_text="Why it is a hard case: " + ", ".join(Hard.values) + ". Empty where chance drew it.",
    )
    answer = ObjectField(read_only=True, allow_null=True, help_text="Null where nothing could be read.")
    scores = FiguresField(read_only=True)
    messages = serializers.ListField(child=serializers.DictField(child=serializers.CharField()), read_only=True)

    class Meta:
        model = CaseResult
        fields = [
            "position", "sample", "text", "input", "expected", "reasons", "answer", "raw", "status", "reason", "exact",
            "scores", "latency_ms", "messages",
        ]  # fmt: skip


class BenchmarksQuery(PageQuery):
    """Which benchmarks."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    state = serializers.ChoiceField(choices=Benchmark.State.choices, required=False)
    since = serializers.DateTimeField(required=False, help_text="From this time on.")


class GateReportsQuery(PageQuery):
    """Which judgments."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False)
    since = serializers.DateTimeField(required=False, help_text="From this time on.")


class CasesQuery(PageQuery):
    """Which cases."""

    show = serializers.ChoiceField(
        choices=list(queries.SHOWN), required=False, default="all", help_text="Only these cases; all unless said."
    )
    q = serializers.CharField(
        required=False, default="", max_length=1000, help_text="Only cases whose text or raw answer holds these words."
    )


class CheckSerializer(serializers.Serializer[Any]):
    """One thing that the gate looked at."""

    name = serializers.CharField()
    ok = serializers.BooleanField()
    value = Figure()
    bound = Figure()
    detail = serializers.CharField()


class GateReportSerializer(Row):
    version = serializers.IntegerField(source="staged.version.number", read_only=True)
    server = serializers.CharField(source="staged.server.name", read_only=True)
    candidate = serializers.UUIDField(
        source="candidate.uid", allow_null=True, default=None, read_only=True, help_text="The version's benchmark."
    )
    reference = serializers.UUIDField(
        source="reference.uid", allow_null=True, default=None, read_only=True, help_text="That benchmark."
    )
    held_against = serializers.IntegerField(
        source="held_against.number",
        allow_null=True,
        default=None,
        read_only=True,
        help_text="The version that it was held against; the verdict speaks of no other.",
    )
    hard = serializers.UUIDField(
        source="hard.uid", allow_null=True, default=None, read_only=True, help_text="Its benchmark on the hard cases."
    )
    hard_reference = serializers.UUIDField(
        source="hard_reference.uid", allow_null=True, default=None, read_only=True, help_text="That one's."
    )
    checks = CheckSerializer(many=True, read_only=True)
    policy = ObjectField(read_only=True, help_text="The gate's policy as it was.")
    told = ObjectField(
        read_only=True,
        help_text="`difference` with its interval, its `test` (p, method, groups), `advice` (the smallest gain that "
        "these cases show, how many more decide), `neighbours` (what stood beside it), and of the automatic gate the "
        "`look`: what it spent of its budget.",
    )

    class Meta:
        model = GateReport
        fields = [
            "uid", "version", "server", "verdict", "sentence", "checks", "policy", "told", "clears", "candidate",
            "reference", "held_against", "hard", "hard_reference", "created_at",
        ]  # fmt: skip


class GateReportDetailSerializer(GateReportSerializer):
    """With what is known today: the recipe's other seeds, and what the cases that would decide take the experts."""

    seeds = serializers.SerializerMethodField(
        help_text="The same recipe with other seeds on these cases; null where none is there."
    )
    effort = serializers.SerializerMethodField(
        help_text="Reviews and expert minutes for the cases that would decide; null where none are wanted or it is not "
        "known yet."
    )

    class Meta(GateReportSerializer.Meta):
        fields = [*GateReportSerializer.Meta.fields, "seeds", "effort"]

    @extend_schema_field(SpreadSerializer(allow_null=True))
    def get_seeds(self, row: GateReport) -> Any:
        """By version."""
        found = spread_of(row.candidate) if row.candidate else None
        return SpreadSerializer(found).data if found else None

    @extend_schema_field(EffortSerializer(allow_null=True))
    def get_effort(self, row: GateReport) -> Any:
        """By the newest decisions."""
        cases = (row.told.get("advice") or {}).get("more")
        found = effort(cases, queries.decisions_of(row.project)) if cases else None
        return EffortSerializer(found).data if found else None


class JudgeRequest(Strict):
    """The version that is judged again."""

    version = serializers.IntegerField(min_value=0, help_text="The version's number.")


class JudgeResponse(serializers.Serializer[Any]):
    """What was queued; the report appears under `gate-reports`."""

    version = serializers.IntegerField(source="version.number")
    servers = serializers.ListField(child=serializers.CharField(), help_text="Where the version is judged again.")
