"""REST of what a version must show before it may serve, and of what the automatic gate may still err."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.rest import Figure, Row, Strict
from evaluation.models import GatePolicy
from evaluation.services.looks import gauge_of
from labeling.access import Right
from labeling.rest_policy import PolicyDoor, policy


class GatePolicySerializer(Strict, Row):
    """What a version must show. The error budget has an address of its own."""

    example = {"minimum": 0.6, "margin": 0.01}

    class Meta:
        model = GatePolicy
        fields = [
            "minimum", "margin", "accept_tie", "psr_tolerance", "min_cases", "free_cases", "confidence", "hard_margin",
            "neighbours_refuse", "latency_ratio",
        ]  # fmt: skip


class GaugeSerializer(serializers.Serializer[Any]):
    """Where the budget stands: periods and rounds are counted from 1."""

    period = serializers.IntegerField()
    round = serializers.IntegerField()
    spent = Figure()
    there = Figure(help_text="What the rounds so far have added and no look has spent.")
    left = Figure(help_text="What the whole period still has.")


class BudgetSerializer(Strict, Row):
    """The chance that the automatic gate promotes what is no better, over so many judged rounds together."""

    example = {"error_budget": 0.05, "budget_rounds": 20}

    stands = serializers.SerializerMethodField()

    class Meta:
        model = GatePolicy
        fields = ["error_budget", "budget_rounds", "stands"]

    @extend_schema_field(GaugeSerializer)
    def get_stands(self, row: GatePolicy) -> Any:
        return GaugeSerializer(gauge_of(row.project, row)).data


@policy("the gate's policy")
class GatePolicyView(PolicyDoor):
    """What a version must show before it may serve."""

    model = GatePolicy
    serializer_class = GatePolicySerializer
    rights = {"PATCH": Right.MANAGE}


@policy("the error budget")
class BudgetView(PolicyDoor):
    """What the automatic gate may still err, and has."""

    model = GatePolicy
    serializer_class = BudgetSerializer
    rights = {"PATCH": Right.MANAGE}
