"""REST of the watch: how the live version does against the one before."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deployment.live import live_deployment
from deployment.monitoring.watch import watch_of
from labeling.rest import ProjectDoor


class JudgmentSerializer(serializers.Serializer[Any]):
    """One signal."""

    name = serializers.CharField(help_text="`confirmed`, `errors`, `unreadable`, `disliked` or `slower`.")
    worse = serializers.BooleanField()
    judged = serializers.BooleanField(help_text="False where too few are in, or they could not show it.")
    verdict = serializers.CharField(help_text='In words, such as "not judged: 12 of 60".')
    sentence = serializers.CharField(help_text="The figures in words; empty where there are none.")
    count = serializers.IntegerField(help_text="Those that have their like before.")
    needed = serializers.IntegerField(help_text="So many are wanted for the next look.")
    looked = serializers.IntegerField(help_text="At so many was the last look; 0: none yet.")
    apart = serializers.IntegerField(help_text="Those that have nothing alike before, and are not compared.")
    value = serializers.FloatField(allow_null=True, help_text="A share, 0 to 1; of `slower` milliseconds.")
    before = serializers.FloatField(allow_null=True, help_text="The same of the like before.")


class WatchResponse(serializers.Serializer[Any]):
    """The watch over the live version; `version` is null where nothing is held against anything."""

    version = serializers.IntegerField(source="deployment.version.number", allow_null=True, default=None)
    previous = serializers.IntegerField(source="deployment.previous.number", allow_null=True, default=None)
    until = serializers.DateTimeField(allow_null=True, default=None, help_text="Until when requests count.")
    experts_until = serializers.DateTimeField(
        allow_null=True, default=None, help_text="Until when the experts' decisions count."
    )
    over = serializers.BooleanField(default=True)
    signals = JudgmentSerializer(many=True, default=[])


class WatchView(ProjectDoor):
    """How the live version does against the one before."""

    @extend_schema(responses=WatchResponse)
    def get(self, request: Request, key: str) -> Response:
        """Judged anew from the rows at each call; what is not judged yet says how many are in."""
        live = live_deployment(self.open())
        watch = watch_of(live) if live else None
        return Response(WatchResponse(watch or {}).data)
