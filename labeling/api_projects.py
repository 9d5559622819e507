"""REST endpoints of projects: the list, one with its labels, making, changing, archiving; and their frozen tasks."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.paging import Cursor
from common.problems import ConflictError
from labeling import serializers as answers
from labeling import serializers_projects as shapes
from labeling import services
from labeling.access import WHO_MAKES_PROJECTS, Right, may_make_projects, projects_for, token_of
from labeling.models import Project, Scope, TaskSpec
from labeling.rest import Door, ProjectDoor
from labeling.rest_edit import EditedDoor


class ProjectList(Door, generics.ListAPIView[Project]):
    """The projects that the caller may read, newest first."""

    serializer_class = answers.ProjectSerializer
    queryset = Project.objects.none()

    @classmethod
    def scopes_of(cls, method: str) -> list[str]:
        return [] if method == "POST" else [Scope.READ]

    def get_queryset(self) -> QuerySet[Project]:
        return cast("QuerySet[Project]", projects_for(self.request.user, Right.VIEW, token_of(self.request)))

    @extend_schema(request=shapes.NewProjectSerializer, responses={201: answers.ProjectDetailSerializer})
    def post(self, request: Request) -> Response:
        """Make a project with its labels and first task.

        For people who may add projects; they manage what they make. A token is bound to projects and makes none. 409
        where the key is taken.
        """
        if not may_make_projects(self.caller):
            raise PermissionDenied(WHO_MAKES_PROJECTS)
        self.begin()
        asked = self.asked(shapes.NewProjectSerializer)
        labels = services.new_labels(asked.pop("labels", []))
        project = services.create_project(self.caller, labels=labels, **asked)
        found: Any = answers.ProjectDetailSerializer(project).data
        return Response(found, status=status.HTTP_201_CREATED)


class ProjectDetail(EditedDoor):
    """One project with its labels."""

    rights = {"PATCH": Right.MANAGE}

    def shown(self, project: Project) -> dict[str, Any]:
        return cast(dict[str, Any], answers.ProjectDetailSerializer(Project.objects.get(pk=project.pk)).data)

    @extend_schema(responses=answers.ProjectDetailSerializer)
    def get(self, request: Request, key: str) -> Response:
        """One project with its labels. Its `ETag` is what a change of it sends as `If-Match`."""
        return self.told(self.open())

    @extend_schema(request=shapes.ProjectChangeSerializer, responses=answers.ProjectDetailSerializer)
    def patch(self, request: Request, key: str) -> Response:
        """Change a project. What is left out stays; key and kind never change, and the task changes by a new spec."""
        project = self.open()
        asked = self.asked(shapes.ProjectChangeSerializer)
        with self.unchanged(project):
            services.update_project(self.caller, project, **asked)
        return self.told(project)


class ArchiveProject(ProjectDoor):
    """Archive a project."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, key: str) -> Response:
        """It is closed to everybody: nothing is trained, served or accepted any more, and all stays."""
        services.archive_project(self.caller, self.open())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReopenProject(ProjectDoor):
    """Open an archived project again."""

    rights = {"POST": Right.MANAGE}
    also_archived = True

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, key: str) -> Response:
        """As it was. 409 where it is open."""
        project = self.open()
        if not services.reopen_project(self.caller, project):
            raise ConflictError(f"{project.key} is open.")
        return Response(status=status.HTTP_204_NO_CONTENT)


class SpecCursor(Cursor):
    """In the order of their numbers, the newest first."""

    ordering = "-number"
    page_size = max_page_size = shapes.MOST_SPECS


class Specs(ProjectDoor, generics.ListAPIView[TaskSpec]):
    """The frozen forms of a project's task, newest first."""

    serializer_class = shapes.SpecSerializer
    pagination_class = SpecCursor
    queryset = TaskSpec.objects.none()
    queries = {"GET": shapes.SpecsQuery}
    rights = {"POST": Right.MANAGE}

    def get_queryset(self) -> QuerySet[TaskSpec]:
        return self.open().specs.order_by("-number")

    @extend_schema(request=shapes.NewSpecSerializer, responses={201: shapes.SpecSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Change the task of a project.

        What is left out stays as it is. Where something differs the task is frozen anew, under the next number. 409
        where approved answers would no longer fit: rename or merge the label, or send `leave_out`.
        """
        project = self.open()
        asked = self.asked(shapes.NewSpecSerializer)
        if "labels" in asked:
            asked["labels"] = services.new_labels(asked["labels"])
        services.update_project(self.caller, project, **asked)
        return Response(shapes.SpecSerializer(project.spec).data, status=status.HTTP_201_CREATED)


class SpecDetail(ProjectDoor):
    """One frozen form of the task."""

    @extend_schema(responses=shapes.SpecSerializer)
    def get(self, request: Request, key: str, number: int) -> Response:
        """It never changes."""
        return Response(shapes.SpecSerializer(get_object_or_404(self.open().specs, number=number)).data)
