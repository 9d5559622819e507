"""What this floor's REST takes and gives. `uid` is the only id that leaves the house."""

from typing import Any

from rest_framework import serializers

from common.rest import FiguresField, PageQuery, Row, Strict
from deployment.models import Deployment

STAYS = "Servers that cannot serve it, each with the version that the alias there stays with; empty: it has none."


class StaysField(serializers.DictField):
    """A version's name by the name of a server."""

    child = serializers.CharField(allow_blank=True)


class DeploymentSerializer(Row):
    version = serializers.IntegerField(source="version.number")
    model = serializers.CharField(source="version.tag", help_text="The version's name, as predictions say it.")
    previous = serializers.IntegerField(source="previous.number", allow_null=True, default=None)
    actor = serializers.CharField(source="actor.username", allow_null=True, default=None)
    evidence = FiguresField()
    stays = StaysField(help_text=STAYS)

    class Meta:
        model = Deployment
        fields = [
            "uid",
            "version",
            "model",
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
            "stays",
            "evidence",
            "modelfile",
        ]


class DeploymentsQuery(PageQuery):
    """Which deployments."""

    action = serializers.ChoiceField(choices=Deployment.Action.choices, required=False)
    state = serializers.ChoiceField(choices=Deployment.State.choices, required=False)
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    since = serializers.DateTimeField(required=False, help_text="Asked for from this time on.")


class PlanResponse(serializers.Serializer[Any]):
    """What a promotion would do, and what stands in its way."""

    version = serializers.IntegerField(source="version.number")
    previous = serializers.IntegerField(source="previous.number", allow_null=True, default=None)
    servers = serializers.ListField(source="server_names", child=serializers.CharField())
    away = serializers.ListField(child=serializers.CharField(), help_text="Servers that catch up when they return.")
    stays = StaysField(source="left", help_text=STAYS)
    verdict = serializers.CharField()
    stale = serializers.CharField(help_text="Why its pass says nothing about what is live; empty where it does.")
    reason_required = serializers.BooleanField()
    obstacles = serializers.ListField(child=serializers.CharField())
    evictions = serializers.ListField(child=serializers.CharField(), help_text="What needs `may_evict`.")
    price = serializers.CharField(help_text="What the move costs, where that is more than a switch.")
    modelfile = serializers.CharField()
    premise = serializers.CharField(help_text="The digest of all that the decision hangs on.")


class PromoteRequest(Strict):
    """What goes live, and why."""

    version = serializers.IntegerField(min_value=0, help_text="The version's number.")
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    may_evict = serializers.BooleanField(default=False, help_text="Yes to throwing models that serve out of memory.")
    premise = serializers.CharField(
        default="", allow_blank=True, max_length=64, help_text="Of the plan that was looked at; checked where given."
    )


class RollbackRequest(Strict):
    """Where to go back to, and why."""

    version = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="A version's number; the one before where absent."
    )
    reason = serializers.CharField(max_length=2000)
    may_evict = serializers.BooleanField(default=False, help_text="Yes to throwing models that serve out of memory.")
