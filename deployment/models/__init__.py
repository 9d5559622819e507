"""Tables of the deployment floor."""

from deployment.models.moves import Deployment, DeploymentTarget, FailedRequest, Finding
from deployment.models.servers import InferenceServer, ModelPull, ServingPolicy
from deployment.models.versions import BuildStep, ParityReport, StagedVersion, Verdict, VersionPin

__all__ = [
    "BuildStep",
    "Deployment",
    "DeploymentTarget",
    "FailedRequest",
    "Finding",
    "InferenceServer",
    "ModelPull",
    "ParityReport",
    "ServingPolicy",
    "StagedVersion",
    "Verdict",
    "VersionPin",
]
