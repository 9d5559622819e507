"""The steps to a head's file: compose, prove. Neither needs torch, so a worker on the queue heads takes them."""

import json
import shutil
from functools import cached_property
from pathlib import Path

from common import jsonbounds
from common.encoder import EncoderError, EncoderRecord, read_record
from common.encoder.language import either
from common.encoder.record import check_files
from common.files import sha256_of
from deployment.artifacts.pipeline import identity, rows, store
from deployment.artifacts.pipeline.base import Built, Steps
from deployment.artifacts.pipeline.processes import BuildError, run_json
from deployment.artifacts.pipeline.proof import PROOF, FileProof
from deployment.artifacts.pipeline.space import require_space
from deployment.models import BuildStep, ParityReport
from training.engine.rundir import RunDir
from training.heads.folder import ASKED, CHANCES, ENCODER, TOLD, WEIGHTS
from training.services import resolve_location, run_folder

Name = BuildStep.Name
MODEL = "model.onnx"
_MODULE = "deployment.artifacts.heads"


class HeadPipeline(Steps):
    """Encoder and head in one graph, held against all that the fit answered."""

    def build(self) -> Built:
        """Whatever is still to do, in order. A proof that fails comes back like one that holds."""
        made = self.compose()
        proof = self._prove()
        path = made.folder / MODEL
        return Built(path, None, made.digests[MODEL], path.stat().st_size, proof)

    @cached_property
    def _compose_key(self) -> str:
        return store.key_of(identity.of_composition(self.version, self._record))

    @cached_property
    def _encoder(self) -> Path:
        """The base's, or what the run trained with the head: an encoder, or a language model in its place."""
        if self._is_own:
            return self._head / ENCODER
        return Path(resolve_location(self.version.base))

    @cached_property
    def _is_own(self) -> bool:
        trained = self.version.trained_by
        return trained is not None and trained.way.has_own_encoder

    @cached_property
    def _record(self) -> EncoderRecord:
        trained = self.version.trained_by
        if trained is not None and "task" not in trained.config:
            raise BuildError(
                f"{self.version} was asked for by an earlier release, which left nothing of a classification head to "
                "be served. Train it again."
            )
        try:
            found = read_record(self._encoder, either)
            if self._is_own:
                check_files(self._encoder, found)
        except EncoderError as error:
            if not self._is_own:
                raise BuildError(f"{error} Then rebuild the version.") from error
            raise BuildError(
                f"The model that the run of {self.version} trained is not whole in {self._encoder}. Copy the run's "
                "folder back, or train again."
            ) from error
        return found

    @cached_property
    def _head(self) -> Path:
        trained = self.version.trained_by
        if trained is None:
            raise BuildError(f"{self.version} has no run that fitted a head, so there is nothing to build.")
        return RunDir(run_folder(trained)).head

    def compose(self) -> store.StepResult:
        """The folder with the file."""
        try:
            size = (self._encoder / self._record.runs).stat().st_size
        except OSError as error:
            raise BuildError(f"{error} Then rebuild the version.") from error

        def work(place: store.Workplace) -> None:
            options = ["--encoder", self._encoder, "--head", self._head, "--out", place.folder / MODEL]
            run_json(_MODULE, "compose", *options, lock=place.lock)

        return self._obtain(Name.COMPOSE, self._compose_key, lambda: require_space(2 * size, Name.COMPOSE), work)

    def _prove(self) -> FileProof:
        """The file's answers; what the fit answered is kept beside them for the proofs on servers."""
        file = self.compose().folder / MODEL
        kept = (TOLD, WEIGHTS, ASKED, CHANCES)
        digests = {name: _digest(self._head / name) for name in kept}
        key = store.key_of(identity.of_head_proof(self._compose_key, digests))

        def work(place: store.Workplace) -> None:
            asked = ["--head", self._head, "--file", file, "--fitted", "elsewhere" if self._is_own else "here"]
            found = run_json(_MODULE, "prove", *asked, lock=place.lock)
            (place.folder / PROOF).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
            for name in kept:
                shutil.copyfile(self._head / name, place.folder / name)

        result = self._obtain(Name.PROVE, key, lambda: require_space(0, Name.PROVE), work)
        found = jsonbounds.loads((result.folder / PROOF).read_text(encoding="utf-8"))
        rows.note(self.artifact, Name.PROVE, detail={name: found[name] for name in ("checked", "agreed", "differ")})
        if not found["ok"]:
            rows.note(self.artifact, Name.PROVE, state=BuildStep.State.FAILED, error=found["sentence"])
        return FileProof(
            question=ParityReport.Question.HEAD,
            ok=found["ok"],
            checked=found["checked"],
            agreed=found["agreed"],
            sentence=found["sentence"],
            first_difference=next(iter(found["differences"]), None),
        )


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise BuildError(
            f"{path} is not on this host ({error}). Copy the run's folder back, or train again."
        ) from error
