"""A project's policies over REST, whichever floor they are of: read, and changed by whoever has read them."""

from typing import Any, cast

from django.db import models
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from common.rest import Strict
from labeling.models import Project
from labeling.rest_edit import EditedDoor
from labeling.services.rows import set_row


class PolicyDoor(EditedDoor):
    """One policy of a project. Without a row the defaults are shown, and the first change makes the row."""

    model: type[models.Model]
    serializer_class: type[Strict]

    def row(self, project: Project) -> Any:
        """The policy as it is now."""
        return self.model._default_manager.filter(project=project).first() or self.model(project=project)

    def shown(self, project: Project) -> dict[str, Any]:
        return cast(dict[str, Any], self.serializer_class(self.row(project)).data)

    def change(self, project: Project, values: dict[str, Any]) -> None:
        """Keep these values, by the service of the policy."""
        set_row(self.caller, self.model, values, project=project)

    def get(self, request: Request, key: str) -> Response:
        """Its `ETag` is what a change of it sends as `If-Match`."""
        return self.told(self.open())

    def patch(self, request: Request, key: str) -> Response:
        """What is left out stays."""
        project = self.open()
        asked = self.read(self.serializer_class(self.row(project), data=request.data, partial=True))
        with self.unchanged(project):
            self.change(project, asked)
        return self.told(project)


def policy(name: str) -> Any:
    """Names both operations of a policy: `name` says what it is, such as "the gate's policy"."""
    read, change = f"{name[0].upper()}{name[1:]}.", f"Change {name}."
    return extend_schema_view(get=extend_schema(summary=read), patch=extend_schema(summary=change))
