"""From adapter to proven GGUF in named steps, each found again by what its result follows from."""

from deployment.services.pipeline.apart import pipeline_for
from deployment.services.pipeline.processes import BuildError
from deployment.services.pipeline.steps import Built, Pipeline

__all__ = ["BuildError", "Built", "Pipeline", "pipeline_for"]
