"""REST of this floor: predictions, the state of versions on servers, deployments and moves."""

from typing import Any, cast

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployment import querysets
from deployment.models import Deployment
from deployment.serializers import (
    BatchRequest,
    BatchResponse,
    DeploymentSerializer,
    EditRequest,
    PredictionResponse,
    PredictRequest,
    PromoteRequest,
    ReloadResponse,
    RollbackRequest,
    VersionStateResponse,
)
from deployment.services import edit, live_version, predict, predict_many, promote, reload_serving, rollback
from deployment.services.editing import editable
from deployment.services.standing import why_nowhere
from labeling.access import Right, project_for, token_of
from labeling.models import Prediction, Project, User
from labeling.problems import ProblemError
from training.models import ModelVersion
from training.serializers import VersionSerializer


def _project(request: Request, key: str, right: Right) -> Project:
    return project_for(request.user, key, right, token_of(request))


def _user(request: Request) -> User:
    return cast(User, request.user)  # every endpoint asks for authentication


def _version(project: Project, number: int) -> ModelVersion:
    version = querysets.version_rows(project).filter(number=number).first()
    if version is None:
        raise Http404(f"There is no version {number} in {project.key}.")
    return version


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


class PredictView(APIView):
    """Ask the live version about one text."""

    @extend_schema(request=PredictRequest, responses=PredictionResponse)
    def post(self, request: Request, key: str) -> Response:
        """409 where nothing is live; 503 with Retry-After where no model server answers."""
        project = _project(request, key, Right.PREDICT)
        body = _valid(PredictRequest(data=request.data))
        prediction = predict(project, body["text"], source=Prediction.Source.API)
        return Response(PredictionResponse(prediction).data)


class BatchPredictView(APIView):
    """Ask the live version about up to 100 texts, several at once."""

    @extend_schema(request=BatchRequest, responses=BatchResponse)
    def post(self, request: Request, key: str) -> Response:
        """Results in the order of the texts; one that failed holds `error` and `status_code` in place of an answer."""
        project = _project(request, key, Right.PREDICT)
        body = _valid(BatchRequest(data=request.data))
        found = predict_many(project, body["texts"], source=Prediction.Source.API)
        failed = [each for each in found if not isinstance(each, Prediction)]
        if failed and len(failed) == len(found):
            raise failed[0]
        return Response(BatchResponse({"results": found}).data)


class VersionStateView(APIView):
    """Where a version stands, and what the gate says of it."""

    @extend_schema(responses=VersionStateResponse)
    def get(self, request: Request, key: str, number: int) -> Response:
        """The version's GGUF, token proof, and each server's tag, digests and verdict."""
        project = _project(request, key, Right.VIEW)
        version = _version(project, number)
        reason = why_nowhere(version)
        found = {
            "version": version,
            "staged": querysets.staged_rows(version),
            "parity": querysets.parity_rows(version),
            "modelfile": _modelfile(version),
            "nowhere": reason.sentence if reason else "",
        }
        return Response(VersionStateResponse(found, context={"live": live_version(project)}).data)


def _modelfile(version: ModelVersion) -> str:
    try:
        return editable(version)
    except ProblemError:
        return ""


class EditView(APIView):
    """Edit a version's Modelfile as a new version."""

    @extend_schema(request=EditRequest, responses={201: VersionSerializer})
    def post(self, request: Request, key: str, number: int) -> Response:
        """400 where more than PARAMETERs and SYSTEM differ, or nothing; 409 where the version's file is gone."""
        project = _project(request, key, Right.OPERATE)
        body = _valid(EditRequest(data=request.data))
        made = edit(_user(request), _version(project, number), body["modelfile"], body["note"])
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)


class DeploymentList(ListAPIView[Deployment]):
    """Every promotion and rollback, newest first, failures too."""

    serializer_class = DeploymentSerializer
    queryset = Deployment.objects.none()

    def get_queryset(self) -> Any:
        return querysets.history(_project(self.request, self.kwargs["key"], Right.VIEW))


class PromoteView(APIView):
    """Make a version live."""

    @extend_schema(request=PromoteRequest, responses={201: DeploymentSerializer})
    def post(self, request: Request, key: str) -> Response:
        """400 where the verdict is not `passed`, or stale, and no reason is given; 409 where it cannot go live now."""
        project = _project(request, key, Right.OPERATE)
        body = _valid(PromoteRequest(data=request.data))
        version, evict = _version(project, body["version"]), body["may_evict"]
        done = promote(_user(request), version, reason=body["reason"], may_evict=evict)
        return Response(DeploymentSerializer(done).data, status=status.HTTP_201_CREATED)


class RollbackView(APIView):
    """Go back to the version before, or to any that was live once."""

    @extend_schema(request=RollbackRequest, responses={201: DeploymentSerializer})
    def post(self, request: Request, key: str) -> Response:
        """A reason is always asked; 409 where there is nothing to go back to."""
        project = _project(request, key, Right.OPERATE)
        body = _valid(RollbackRequest(data=request.data))
        target = _version(project, body["to"]) if body.get("to") is not None else None
        done = rollback(_user(request), project, to=target, reason=body["reason"], may_evict=body["may_evict"])
        return Response(DeploymentSerializer(done).data, status=status.HTTP_201_CREATED)


class ReloadView(APIView):
    """Look again at what should be served, without downtime."""

    @extend_schema(request=None, responses=ReloadResponse)
    def post(self, request: Request, key: str) -> Response:
        """Loads the live version on its servers and queues builds and stagings that are due."""
        project = _project(request, key, Right.OPERATE)
        return Response(ReloadResponse(reload_serving(_user(request), project)).data)
