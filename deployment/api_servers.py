"""REST of the model catalogue, for administrators of the model servers."""

from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployment.drivers import KINDS
from deployment.models import InferenceServer, ModelPull
from deployment.services import catalogue
from deployment.services.borrowing import use_in_project
from deployment.services.servers import add_server
from labeling.access import Right, project_for, token_of
from labeling.models import User
from training.serializers import VersionSerializer


class ModelSerializer(serializers.Serializer[Any]):
    """A model on a server, and who uses it."""

    tag = serializers.CharField(source="entry.tag")
    digest = serializers.CharField(source="entry.digest")
    size_bytes = serializers.IntegerField(source="entry.size_bytes")
    loaded = serializers.BooleanField(source="entry.loaded")
    quantization = serializers.CharField(source="entry.quantization")
    context_length = serializers.IntegerField(source="entry.context")
    family = serializers.CharField(source="entry.family")
    capabilities = serializers.ListField(source="entry.capabilities", child=serializers.CharField())
    used_by = serializers.ListField(source="users", child=serializers.CharField())


class ServerSerializer(serializers.ModelSerializer[InferenceServer]):
    """The row of a model server."""

    # Kinds are a registry, and the row itself refuses an unknown one.
    kind = serializers.CharField(help_text=f"One of {', '.join(KINDS)}.")

    class Meta:
        model = InferenceServer
        fields = ["name", "kind", "url", "key_env", "threads", "slots", "memory_mb", "max_loaded", "is_active"]


class CatalogueSerializer(serializers.Serializer[Any]):
    """A server, its models, and what they take."""

    name = serializers.CharField(source="server.name")
    kind = serializers.CharField(source="server.kind")
    version = serializers.CharField(source="server.version")
    error = serializers.CharField()
    disk_bytes = serializers.IntegerField()
    loaded_bytes = serializers.IntegerField()
    models = ModelSerializer(source="rows", many=True)


class PullSerializer(serializers.ModelSerializer[ModelPull]):
    """A pull and how far it is."""

    class Meta:
        model = ModelPull
        fields = ["uid", "name", "state", "bytes_done", "bytes_total", "error", "created_at"]


class ModelName(serializers.Serializer[Any]):
    """The model that is meant."""

    model = serializers.CharField(max_length=200)


def _administrator(request: Request) -> User:
    """Tokens are bound to projects, and a server serves many."""
    if token_of(request) is not None:
        raise PermissionDenied("Tokens are bound to projects; log in to manage model servers.")
    return cast(User, request.user)


class Servers(APIView):
    """Every model on every server."""

    @extend_schema(responses=CatalogueSerializer(many=True))
    def get(self, request: Request) -> Response:
        """A server that is away is listed with its error."""
        user = _administrator(request)
        found = [catalogue.look(user, server) for server in InferenceServer.objects.all()]
        return Response(CatalogueSerializer(found, many=True).data)

    @extend_schema(request=ServerSerializer, responses={201: ServerSerializer})
    def post(self, request: Request) -> Response:
        """Add a server. Its address is checked by the rules of this installation; nothing is asked there yet."""
        user = _administrator(request)
        body = ServerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = add_server(user, **body.validated_data)
        return Response(ServerSerializer(row).data, status=status.HTTP_201_CREATED)


class ServerModels(APIView):
    """Load, unload or delete one model."""

    verbs: dict[str, Callable[[User, InferenceServer, str], None]] = {
        "load": catalogue.load,
        "unload": catalogue.unload,
        "delete": catalogue.delete,
    }

    @extend_schema(request=ModelName, responses={204: None})
    def post(self, request: Request, name: str, verb: str) -> Response:
        """409 where a project uses the model; 503 where the server does not answer."""
        user, server = _administrator(request), get_object_or_404(InferenceServer, name=name)
        body = ModelName(data=request.data)
        body.is_valid(raise_exception=True)
        self.verbs[verb](user, server, body.validated_data["model"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class UseRequest(ModelName):
    """The model, and the project that it becomes a version of."""

    project = serializers.SlugField()
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class UseModel(APIView):
    """Make a model of the catalogue a version of a project: its version 0, or a candidate."""

    @extend_schema(request=UseRequest, responses={201: VersionSerializer})
    def post(self, request: Request, name: str) -> Response:
        """400 where not every server of the project has this very model; 409 where the project has it already."""
        user, server = _administrator(request), get_object_or_404(InferenceServer, name=name)
        body = UseRequest(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        project = project_for(user, asked["project"], Right.OPERATE)
        made = use_in_project(user, server, asked["model"], project, asked["note"])
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)


class Pulls(APIView):
    """Pulls of base models to one server."""

    @extend_schema(responses=PullSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The newest fifty."""
        user, server = _administrator(request), get_object_or_404(InferenceServer, name=name)
        return Response(PullSerializer(catalogue.pulls(user, server)[:50], many=True).data)

    @extend_schema(request=ModelName, responses={202: PullSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Start one. The name is asked for at the server's registry, outside this house."""
        user, server = _administrator(request), get_object_or_404(InferenceServer, name=name)
        body = ModelName(data=request.data)
        body.is_valid(raise_exception=True)
        row = catalogue.pull(user, server, body.validated_data["model"])
        return Response(PullSerializer(row).data, status=status.HTTP_202_ACCEPTED)


class CancelPull(APIView):
    """End a pull."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, name: str, uid: str) -> Response:
        """409 where it has ended already."""
        row = get_object_or_404(ModelPull, server__name=name, uid=uid)
        catalogue.cancel_pull(_administrator(request), row)
        return Response(status=status.HTTP_204_NO_CONTENT)
