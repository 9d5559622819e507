"""REST of this floor: predictions, the state of versions on servers, deployments and moves."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from deployment import queries
from deployment.models import Deployment
from deployment.promotion.plan import plan_promotion, plan_rollback
from deployment.promotion.promote import check_premise, promote, rollback
from deployment.promotion.serializers import (
    DeploymentSerializer,
    DeploymentsQuery,
    PlanResponse,
    PromoteRequest,
    RollbackRequest,
)
from deployment.queries import numbered
from labeling.access import Right
from labeling.rest import ProjectDoor, narrowed


class DeploymentList(ProjectDoor, ListAPIView[Deployment]):
    """Every promotion and rollback, newest first, failures too."""

    serializer_class = DeploymentSerializer
    queryset = Deployment.objects.none()
    queries = {"GET": DeploymentsQuery}

    def get_queryset(self) -> Any:
        paths = {"action": "action", "state": "state", "version": "version__number", "since": "created_at__gte"}
        return narrowed(queries.history(self.open()), self.query, **paths)


class DeploymentDetail(ProjectDoor):
    """One promotion or rollback."""

    @extend_schema(responses=DeploymentSerializer)
    def get(self, request: Request, key: str, uid: UUID) -> Response:
        """Its state, reason, evidence and Modelfile; an attempt that failed says at which step."""
        row = get_object_or_404(queries.history(self.open()), uid=uid)
        return Response(DeploymentSerializer(row).data)


class Live(ProjectDoor):
    """What is live in a project."""

    @extend_schema(responses=DeploymentSerializer)
    def get(self, request: Request, key: str) -> Response:
        """The deployment that answers now. 404 before the first promotion."""
        project = self.open()
        row = queries.history(project).filter(pk__in=Deployment.objects.serving().filter(project=project)).first()
        if row is None:
            raise Http404(f"Nothing is live in {project.key} yet.")
        return Response(DeploymentSerializer(row).data)


class PlanView(ProjectDoor):
    """What a promotion would do, without doing it."""

    rights = {"GET": Right.OPERATE}

    @extend_schema(responses=PlanResponse)
    def get(self, request: Request, key: str, number: int) -> Response:
        """Send `premise` along with the promotion: it is refused (409) where what the plan hangs on has changed."""
        project = self.open()
        return Response(PlanResponse(plan_promotion(numbered(project, number))).data)


class PromoteView(ProjectDoor):
    """Make a version live."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=PromoteRequest, responses={201: DeploymentSerializer})
    def post(self, request: Request, key: str) -> Response:
        """400 where the verdict is not `passed`, or stale, and no reason is given; 409 where it cannot go live now."""
        project = self.open()
        body = self.asked(PromoteRequest)
        plan = plan_promotion(numbered(project, body["version"]))
        if body["premise"]:
            check_premise(plan, body["premise"])
        done = promote(self.caller, plan, reason=body["reason"], may_evict=body["may_evict"])
        return Response(DeploymentSerializer(done).data, status=status.HTTP_201_CREATED)


class RollbackView(ProjectDoor):
    """Go back to the version before, or to any that was live once."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=RollbackRequest, responses={201: DeploymentSerializer})
    def post(self, request: Request, key: str) -> Response:
        """A reason is always asked; 409 where there is nothing to go back to."""
        project = self.open()
        body = self.asked(RollbackRequest)
        target = numbered(project, body["version"]) if body.get("version") is not None else None
        plan = plan_rollback(project, target)
        done = rollback(self.caller, plan, reason=body["reason"], may_evict=body["may_evict"])
        return Response(DeploymentSerializer(done).data, status=status.HTTP_201_CREATED)
