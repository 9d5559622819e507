"""Where an operator wants adapters apart, the GGUF is the bare base's, and the adapter becomes a second file.

The merged model is still made where answers are proven: it is what the two files together must answer like.
"""

import shutil
from functools import cached_property
from pathlib import Path

from deployment.artifacts.pipeline import identity, store
from deployment.artifacts.pipeline.processes import ENGINE, BuildError, run, run_json
from deployment.artifacts.pipeline.space import require_space, weights_bytes
from deployment.artifacts.pipeline.steps import MODEL, Pipeline
from deployment.models import BuildStep
from deployment.quantization import bytes_needed
from training.engine.rundir import RunDir
from training.services import resolve_location, run_folder

Name = BuildStep.Name
ADAPTER = "adapter.gguf"


class ApartPipeline(Pipeline):
    """A base for all versions, made once, and a small file for each."""

    @cached_property
    def _convert_key(self) -> str:
        bare = store.key_of(identity.of_bare(self.version))
        return store.key_of(identity.of_conversion(bare, self.quantization))

    @cached_property
    def _adapter_key(self) -> str:
        return store.key_of(identity.of_adapter_file(self.version))

    @property
    def _proven_key(self) -> str:
        return f"{self._convert_key} {self._adapter_key}"

    def convert(self) -> store.StepResult:
        """The folder with the bare base as a GGUF."""
        size = weights_bytes(self._base_folder)

        def work(place: store.Workplace) -> None:
            model = place.folder / MODEL
            run(ENGINE, "merge", *self._bare, "--out", model, lock=place.lock, key=self.version.base.token_env)
            options = ["--model", model, "--out", place.folder / self._file_name, "--outtype", self.quantization]
            run_json("deployment.artifacts.gguf", "convert", *options, lock=place.lock)
            shutil.rmtree(model)

        def ready() -> None:
            require_space(size + bytes_needed(self.quantization, size), Name.BASE)

        return self._obtain(Name.BASE, self._convert_key, ready, work)

    def convert_adapter(self) -> Path | None:
        """The adapter as a GGUF."""
        trained = self.version.trained_by
        assert trained is not None
        folder = RunDir(run_folder(trained)).adapter

        def work(place: store.Workplace) -> None:
            options = ["--adapter", folder, "--base", self._base_folder, "--out", place.folder / ADAPTER]
            run_json("deployment.artifacts.gguf", "adapter", *options, lock=place.lock)

        def ready() -> None:
            require_space(weights_bytes(folder), Name.ADAPTER)

        return self._obtain(Name.ADAPTER, self._adapter_key, ready, work).folder / ADAPTER

    @property
    def _base_folder(self) -> Path:
        location = Path(resolve_location(self.version.base))
        if not location.is_dir():
            raise BuildError(
                f"Adapters apart need the base as a folder of this host, and {self.version.base} is not one. Keep a "
                "copy of it in the models folder, or take the choice back in the serving policy."
            )
        return location
