"""From adapter to proven file in named steps, each found again by what its result follows from."""

from deployment.artifacts.pipeline.apart import ApartPipeline
from deployment.artifacts.pipeline.base import Built, Steps
from deployment.artifacts.pipeline.heads import HeadPipeline
from deployment.artifacts.pipeline.processes import BuildError
from deployment.artifacts.pipeline.steps import Pipeline
from deployment.models import Artifact, ServingPolicy
from deployment.models.formats import GGUF, ONNX, WITH_ADAPTER

# What makes each format.
PIPELINES: dict[str, type[Steps]] = {GGUF: Pipeline, WITH_ADAPTER: ApartPipeline, ONNX: HeadPipeline}


def pipeline_for(artifact: Artifact, policy: ServingPolicy) -> Steps:
    """The pipeline of an artifact, under its project's policy."""
    return PIPELINES[artifact.format](artifact, policy)


__all__ = ["PIPELINES", "BuildError", "Built", "Pipeline", "Steps", "pipeline_for"]
