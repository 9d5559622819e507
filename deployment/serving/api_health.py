"""REST: what is live where, for programs that want to know before they ask."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.problems import ProblemError
from deployment.live import live_deployment
from deployment.serving.routing import live_servers
from labeling.access import open_projects, token_of
from labeling.models import Project
from labeling.rest import Door


class ProjectHealth(serializers.Serializer[Any]):
    """What answers in one project."""

    project = serializers.CharField(help_text="Its key.")
    version = serializers.IntegerField(allow_null=True, help_text="The live version; null where nothing is live.")
    model = serializers.CharField(allow_null=True, help_text="Its name, as predictions say it.")
    servers = serializers.ListField(child=serializers.CharField(), help_text="Where it can be asked now.")
    stays = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="Servers that cannot serve it, each with the version that the alias for outside clients stays with.",
    )
    problem = serializers.CharField(help_text="Why it cannot be asked; empty where it can.")


class HealthResponse(serializers.Serializer[Any]):
    """The projects of the caller, whatever the scope of its token."""

    ok = serializers.BooleanField(help_text="Whether every live version has a server that it can be asked on.")
    projects = ProjectHealth(many=True)


class Health(Door):
    """What is live in each project of the caller."""

    @extend_schema(responses=HealthResponse)
    def get(self, request: Request) -> Response:
        """Read from the rows: no model server is asked. Any scope is enough."""
        found = [_of(project) for project in open_projects(request.user, token_of(request))]
        ok = all(row["servers"] or row["version"] is None for row in found)
        return Response(HealthResponse({"ok": ok, "projects": found}).data)


def _of(project: Project) -> dict[str, Any]:
    live = live_deployment(project)
    version = live.version if live else None
    servers: list[str] = []
    problem = ""
    try:
        servers = sorted({row.server.name for row in live_servers(project)})
    except ProblemError as error:
        problem = str(error)
    return {
        "project": project.key,
        "version": version.number if version else None,
        "model": version.tag if version else None,
        "servers": servers,
        "stays": live.stays if live else {},
        "problem": problem,
    }
