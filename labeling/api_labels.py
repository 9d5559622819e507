"""REST endpoints of a project's labels."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import serializers_labels as shapes
from labeling import services
from labeling.access import Right
from labeling.models import Label, Project
from labeling.rest import ProjectDoor
from labeling.rest_edit import EditedDoor


class Labels(ProjectDoor):
    """All labels of a project, in order."""

    rights = {"PUT": Right.MANAGE}

    @extend_schema(responses=shapes.LabelSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        """All labels of a project, in order. They are not paged."""
        return Response(shapes.LabelSerializer(self.open().labels.all(), many=True).data)

    @extend_schema(request=shapes.LabelsSerializer, responses=shapes.LabelSerializer(many=True))
    def put(self, request: Request, key: str) -> Response:
        """Give the project exactly these labels, up to 5,000. A label keeps its identity by its `uid`, else by its
        name. 409 where approved answers would no longer fit: rename or merge, or send `leave_out`."""
        project = self.open()
        asked = self.asked(shapes.LabelsSerializer)
        rows = services.new_labels(asked["labels"])
        services.replace_labels(self.caller, project, rows, leave_out=asked["leave_out"])
        return Response(shapes.LabelSerializer(project.labels.all(), many=True).data)


class OneLabel(ProjectDoor):
    """Views of one label."""

    def label(self, project: Project) -> Label:
        """The label of the URL."""
        return _label(project.labels.all(), str(self.kwargs["uid"]))


class LabelDetail(OneLabel, EditedDoor):
    """One label: rename, describe, remove."""

    must_match = False

    rights = {"PATCH": Right.MANAGE, "DELETE": Right.MANAGE}

    queries = {"DELETE": shapes.RemoveLabelQuery}

    @extend_schema(responses=shapes.LabelSerializer)
    def get(self, request: Request, key: str, uid: str) -> Response:
        """One label."""
        return self.told(self.open())

    def shown(self, project: Project) -> dict[str, Any]:
        return cast(dict[str, Any], shapes.LabelSerializer(self.label(project)).data)

    @extend_schema(request=shapes.LabelChangeSerializer, responses=shapes.LabelSerializer)
    def patch(self, request: Request, key: str, uid: str) -> Response:
        """Rename or describe a label. Every approved answer that uses it goes with it."""
        project = self.open()
        asked = self.asked(shapes.LabelChangeSerializer)
        with self.unchanged(project):
            services.change_label(self.caller, self.label(project), **asked)
        return self.told(project)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str, uid: str) -> Response:
        """Remove a label. 409 where approved answers use it: merge it, or send `leave_out=true`."""
        label = self.label(self.open())
        services.remove_label(self.caller, label, leave_out=self.query["leave_out"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class LabelMerge(OneLabel):
    """Make one label a part of another."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=shapes.LabelMergeSerializer, responses=shapes.LabelSerializer)
    def post(self, request: Request, key: str, uid: str) -> Response:
        """Merge the label into another; answers that use it use the other one from now on, which comes back."""
        project = self.open()
        into = _label(project.labels.all(), str(self.asked(shapes.LabelMergeSerializer)["into"]))
        return Response(shapes.LabelSerializer(services.merge_label(self.caller, self.label(project), into)).data)


def _label(labels: QuerySet[Label], uid: str) -> Label:
    label = labels.filter(uid=uid).first()
    if label is None:
        raise Http404(f"There is no label {uid} in this project.")
    return label
