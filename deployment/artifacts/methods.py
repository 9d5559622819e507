"""Whether what a method makes could be served: asked before anything is made of it."""

from deployment.models import InferenceServer, ServingPolicy
from deployment.models.formats import FORMATS, GGUF, ONNX
from deployment.servers.drivers import serves
from labeling.models import Project
from training.methods import Method


def method_obstacle(project: Project, method: Method) -> str:
    """That the project's servers, or those that a new project would have, serve no such file, in a sentence.

    Empty where one does, and where there is no server yet.
    """
    policy = ServingPolicy.of(project)
    servers = policy.active_servers() if policy else list(InferenceServer.objects.filter(is_active=True))
    format = ONNX if method.is_head else GGUF
    if not servers or any(serves(server, format) for server in servers):
        return ""
    names = " and ".join(f"{server.name} ({server.get_kind_display()})" for server in servers)
    return (
        f"{names} cannot serve a file of the form “{FORMATS[format]}”. The server of the kind “local”, which comes "
        "with Touchstone, can: choose it in the serving policy."
    )
