"""REST of the model catalogue, for administrators of the model servers."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.actor import Actor
from common.rest import Row, Strict
from deployment.models import InferenceServer, ModelPull
from deployment.models.server_kinds import KINDS
from deployment.servers import catalogue, pulls
from deployment.servers.registration import add_server
from labeling.models import Scope
from labeling.rest import Door


class ModelSerializer(serializers.Serializer[Any]):
    """A model on a server, and who uses it."""

    model = serializers.CharField(source="entry.tag", help_text="Its name on the server.")
    digest = serializers.CharField(source="entry.digest")
    size_bytes = serializers.IntegerField(source="entry.size_bytes")
    loaded = serializers.BooleanField(source="entry.loaded")
    quantization = serializers.CharField(source="entry.quantization")
    context_length = serializers.IntegerField(source="entry.context")
    family = serializers.CharField(source="entry.family")
    capabilities = serializers.ListField(source="entry.capabilities", child=serializers.CharField())
    used_by = serializers.ListField(source="users", child=serializers.CharField())


class ServerSerializer(Strict, Row):
    """The row of a model server."""

    # Kinds are a registry, and the row itself refuses an unknown one.
    kind = serializers.CharField(help_text=f"One of {', '.join(KINDS)}.")

    class Meta:
        model = InferenceServer
        fields = ["name", "kind", "url", "key_env", "threads", "slots", "answer_seconds", "memory_mb", "max_loaded"]
        fields += ["is_active"]


class CatalogueSerializer(serializers.Serializer[Any]):
    """A server, its models, and what they take."""

    name = serializers.CharField(source="server.name")
    kind = serializers.CharField(source="server.kind")
    server_version = serializers.CharField(source="server.version")
    error = serializers.CharField()
    disk_bytes = serializers.IntegerField()
    loaded_bytes = serializers.IntegerField()
    models = ModelSerializer(source="rows", many=True)


class PullSerializer(Row):
    """A pull and how far it is."""

    model = serializers.CharField(source="name", read_only=True)

    class Meta:
        model = ModelPull
        fields = ["uid", "model", "state", "bytes_done", "bytes_total", "error", "created_at"]


class ModelName(Strict):
    """The model that is meant."""

    model = serializers.CharField(max_length=200)


class AdministratorDoor(Door):
    """Views of model servers: for their administrators, and for tokens of theirs with the scope `servers`."""

    @classmethod
    def scopes_of(cls, method: str) -> list[str]:
        return [Scope.SERVERS]

    def open(self, permission: str = catalogue.PERMISSION) -> Actor:
        """Who asks, if they look after the model servers; a POST may then begin."""
        catalogue.require_administrator(self.caller, permission)
        self.begin()
        return self.caller

    def server(self) -> tuple[Actor, InferenceServer]:
        """The same, and the server of the URL."""
        return self.open(), get_object_or_404(InferenceServer, name=self.kwargs["name"])


class Servers(AdministratorDoor):
    """Every model on every server."""

    @extend_schema(responses=CatalogueSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All models of all servers. A server that is away is listed with its error."""
        actor = self.open()
        found = catalogue.look_at_all(actor, list(InferenceServer.objects.all()))
        return Response(CatalogueSerializer(found, many=True).data)

    @extend_schema(request=ServerSerializer, responses={201: ServerSerializer})
    def post(self, request: Request) -> Response:
        """Add a server. Its address is checked by the rules of this installation; a worker asks there who it is."""
        actor = self.open(catalogue.ADD)
        row = add_server(actor, **self.asked(ServerSerializer))
        return Response(ServerSerializer(row).data, status=status.HTTP_201_CREATED)


class LoadModel(AdministratorDoor):
    """Load a model into its server's memory."""

    @extend_schema(request=ModelName, responses={202: None, 204: None})
    def post(self, request: Request, name: str) -> Response:
        """202 where it takes long, so that a worker goes on with it; 503 where the server does not answer."""
        actor, server = self.server()
        done = catalogue.load(actor, server, self.asked(ModelName)["model"])
        return Response(status=status.HTTP_202_ACCEPTED if done is False else status.HTTP_204_NO_CONTENT)


class UnloadModel(AdministratorDoor):
    """Take a model out of its server's memory."""

    @extend_schema(request=ModelName, responses={204: None})
    def post(self, request: Request, name: str) -> Response:
        """409 where a project uses the model; 503 where the server does not answer."""
        actor, server = self.server()
        catalogue.unload(actor, server, self.asked(ModelName)["model"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeleteModel(AdministratorDoor):
    """Remove a model from its server."""

    @extend_schema(request=ModelName, responses={204: None})
    def post(self, request: Request, name: str) -> Response:
        """409 where a project uses the model; 503 where the server does not answer."""
        actor, server = self.server()
        catalogue.delete(actor, server, self.asked(ModelName)["model"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class Pulls(AdministratorDoor):
    """Pulls of base models to one server."""

    @extend_schema(responses=PullSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Pulls to one server. The newest fifty."""
        actor, server = self.server()
        return Response(PullSerializer(pulls.pulls(actor, server)[:50], many=True).data)

    @extend_schema(request=ModelName, responses={202: PullSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Start a pull. The name is asked for at the server's registry, outside this installation."""
        actor, server = self.server()
        row = pulls.pull(actor, server, self.asked(ModelName)["model"])
        return Response(PullSerializer(row).data, status=status.HTTP_202_ACCEPTED)


class CancelPull(AdministratorDoor):
    """End a pull."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, name: str, uid: str) -> Response:
        """409 where it has ended already."""
        actor, server = self.server()
        pulls.cancel_pull(actor, get_object_or_404(ModelPull, server=server, uid=uid))
        return Response(status=status.HTTP_204_NO_CONTENT)
