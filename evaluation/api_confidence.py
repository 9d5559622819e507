"""REST: what a version's confidence is worth, and automatic acceptance."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluation import serializers_confidence as shapes
from evaluation.acceptance_facts import acceptance_facts
from evaluation.models import AcceptPolicy
from evaluation.services.certificates import keep_accepted, newest_calibration, reopen_all
from labeling.access import Right
from labeling.models import Project
from labeling.rest import ProjectDoor
from labeling.rest_edit import EditedDoor
from labeling.services.rows import set_row
from training.models import ModelVersion


class VersionConfidence(ProjectDoor):
    """What the confidence of a version is worth."""

    @extend_schema(responses=shapes.ConfidenceSerializer)
    def get(self, request: Request, key: str, number: int) -> Response:
        """Its reliability diagram with calibration error and area under the curve, as far as there are cases."""
        rows = ModelVersion.objects.filter(project=self.open())
        version = get_object_or_404(rows, number=number)
        return Response(shapes.ConfidenceSerializer(newest_calibration(version) or {}).data)


class AutoAccept(EditedDoor):
    """Proposals that become golden answers by a certificate."""

    must_match = False

    rights = {"PATCH": Right.MANAGE}

    @extend_schema(responses=shapes.AutoAcceptSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Automatic acceptance. The promise, what certifies it, what was accepted, and how its audit goes."""
        return self.told(self.open())

    def shown(self, project: Project) -> dict[str, Any]:
        return cast(dict[str, Any], shapes.AutoAcceptSerializer(acceptance_facts(project)).data)

    @extend_schema(request=shapes.AcceptPolicyRequest, responses=shapes.AutoAcceptSerializer)
    def patch(self, request: Request, key: str) -> Response:
        """Change the policy of automatic acceptance. What is left out stays."""
        project = self.open()
        asked = self.asked(shapes.AcceptPolicyRequest)
        with self.unchanged(project):
            set_row(self.caller, AcceptPolicy, asked, project=project)
        return self.told(project)


class DecideAccepted(ProjectDoor):
    """Decide on what was accepted automatically."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=shapes.DecideRequest, responses=shapes.DecideResponse)
    def post(self, request: Request, key: str) -> Response:
        """`reopen`: end its certificates and send it all back to review; `keep`: leave the answers of a broken one."""
        project = self.open()
        asked: Any = self.asked(shapes.DecideRequest)
        count = 0
        if asked["accepted"] == shapes.REOPEN:
            count = reopen_all(self.caller, project)
        else:
            keep_accepted(self.caller, project)
        return Response(shapes.DecideResponse({"reopened": count}).data)
