"""REST of where a project is served from, and how."""

from typing import Any

from rest_framework import serializers

from common.rest import Row, Strict
from deployment.models import InferenceServer, ServingPolicy
from deployment.servers.registration import change_policy
from labeling.access import Right
from labeling.models import Project
from labeling.rest_policy import PolicyDoor, policy


class ServingPolicySerializer(Strict, Row):
    """Where a project is served, whether the gate alone may promote, and how promotions are watched."""

    example = {"auto_promote": True, "watch_minutes": 60}

    servers = serializers.SlugRelatedField(
        slug_field="name", many=True, queryset=InferenceServer.objects.all(), required=False
    )

    class Meta:
        model = ServingPolicy
        fields = [
            "servers", "auto_promote", "alias_may_stay", "quantization", "adapters", "proof_prompts", "answer_prompts",
            "answer_agreement", "canary_seconds", "rollback_minutes", "watch_minutes", "auto_rollback",
            "watch_requests", "watch_tolerance", "watch_slowdown", "keep_previous", "keep_days",
        ]  # fmt: skip


@policy("the serving policy")
class ServingPolicyView(PolicyDoor):
    """Where a project is served from, and how."""

    model = ServingPolicy
    serializer_class = ServingPolicySerializer
    rights = {"PATCH": Right.MANAGE}

    def shown(self, project: Project) -> dict[str, Any]:
        row = self.row(project)
        return _unsaved(row) if row.pk is None else dict(ServingPolicySerializer(row).data)

    def change(self, project: Project, values: dict[str, Any]) -> None:
        servers = values.pop("servers", None)
        change_policy(self.caller, project, values, servers)


def _unsaved(row: ServingPolicy) -> dict[str, Any]:
    """A policy that is not there: its defaults, and no server."""
    fields = ServingPolicySerializer().fields
    shown = {name: field.to_representation(getattr(row, name)) for name, field in fields.items() if name != "servers"}
    return {"servers": [], **shown}
