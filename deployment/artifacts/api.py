"""REST of versions: their state on servers, edits, and models of the catalogue."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from common.problems import ProblemError
from deployment import queries
from deployment.artifacts.editing import edit, editable
from deployment.artifacts.from_catalogue import use_in_project
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.serializers import EditRequest, VersionSerializer, VersionStateResponse
from deployment.files import file_of, files_of
from deployment.live import live_version
from deployment.queries import numbered
from deployment.servers.api import AdministratorDoor, ModelName
from labeling.access import Right, project_for, token_of
from labeling.rest import ProjectDoor
from training.models import ModelVersion
from training.serializers import BaselineSerializer
from training.services import start_baseline


class Versions(ProjectDoor, ListAPIView[ModelVersion]):
    """The versions of a project, newest first. Number 0 is its baseline."""

    rights = {"POST": Right.OPERATE}

    serializer_class = VersionSerializer
    queryset = ModelVersion.objects.none()

    def get_queryset(self) -> Any:
        return queries.version_rows(self.open())

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them, with their files read at once."""
        page = self.paginate_queryset(self.get_queryset()) or []
        shown = VersionSerializer(page, many=True, context={"files": files_of(page)})
        return self.get_paginated_response(shown.data)

    @extend_schema(request=BaselineSerializer, responses={201: VersionSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Make a bare base model version 0. 409 where there is one."""
        project = self.open()
        made = start_baseline(self.caller, project, self.asked(BaselineSerializer)["base"])
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)


class VersionStateView(ProjectDoor):
    """Where a version stands, and what the gate says of it."""

    @extend_schema(responses=VersionStateResponse)
    def get(self, request: Request, key: str, number: int) -> Response:
        """The version's file with its proof, and each server's tag, digests and verdict."""
        project = self.open()
        version = numbered(project, number)
        reason, file = why_nowhere(version), file_of(version)
        found = {
            "version": version,
            "file": file,
            "staged": queries.staged_rows(version),
            "parity": queries.parity_rows(version, file.artifact),
            "modelfile": _modelfile(version),
            "nowhere": reason.sentence if reason else "",
        }
        return Response(VersionStateResponse(found, context={"live": live_version(project)}).data)


def _modelfile(version: ModelVersion) -> str:
    try:
        return editable(version)
    except ProblemError:
        return ""


class EditView(ProjectDoor):
    """Edit a version's Modelfile as a new version."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=EditRequest, responses={201: VersionSerializer})
    def post(self, request: Request, key: str, number: int) -> Response:
        """400 where more than PARAMETERs and SYSTEM differ, or nothing; 409 where the version's file is gone."""
        project = self.open()
        body = self.asked(EditRequest)
        made = edit(self.caller, numbered(project, number), body["modelfile"], body["note"])
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)


class UseRequest(ModelName):
    """The model, and the project that it becomes a version of."""

    project = serializers.SlugField()
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class UseModel(AdministratorDoor):
    """Make a model of the catalogue a version of a project: its version 0, or a candidate."""

    @extend_schema(request=UseRequest, responses={201: VersionSerializer})
    def post(self, request: Request, name: str) -> Response:
        """A token needs `operate`, too.

        400 where not every server of the project has this very model; 409 where the project has it already.
        """
        actor, server = self.server()
        asked = self.asked(UseRequest)
        project = project_for(request.user, asked["project"], Right.OPERATE, token_of(request))
        made = use_in_project(actor, server, asked["model"], project, asked["note"])
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)
