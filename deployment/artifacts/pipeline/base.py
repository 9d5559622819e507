"""What all ways to an artifact share: steps that are asked for once, and a proven file in the end."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deployment.artifacts.pipeline import rows, store
from deployment.artifacts.pipeline.proof import FileProof
from deployment.models import Artifact, ServingPolicy


@dataclass(frozen=True)
class Built:
    """A proven file, and its adapter where that is served apart."""

    path: Path
    adapter: Path | None
    sha256: str
    size: int
    proof: FileProof
    marks: tuple[str, ...] = ()


class Steps(ABC):
    """What the ways to an artifact share: each step's result is asked for once."""

    def __init__(self, artifact: Artifact, policy: ServingPolicy) -> None:
        self.artifact, self.policy = artifact, policy
        self.version, self.quantization = artifact.weights, artifact.quantization
        self._obtained: dict[str, store.StepResult] = {}

    @abstractmethod
    def build(self) -> Built:
        """Whatever is still to do, in order. A proof that fails comes back like one that holds.

        Raises `BuildError` where a step refuses; `OSError` and the like may be tried again.
        """

    def _obtain(
        self, name: str, key: str, ready: Callable[[], None], work: Callable[[store.Workplace], None]
    ) -> store.StepResult:
        """The step's result, which may take hours; asked for again, the same."""
        if name not in self._obtained:
            self._obtained[name] = rows.obtain(self.artifact, name, key, ready, work)
        return self._obtained[name]
