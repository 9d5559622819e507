"""Tables of the deployment floor."""

from deployment.models.artifacts import Artifact, BuildStep
from deployment.models.moves import Deployment, DeploymentTarget, FailedRequest, Finding
from deployment.models.servers import InferenceServer, ModelPull, ServingPolicy
from deployment.models.versions import ParityReport, StagedVersion, Verdict, VersionPin

__all__ = [
    "Artifact",
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
