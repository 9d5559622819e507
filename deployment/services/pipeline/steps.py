"""The steps: merge, convert, inspect, prove. A step asks for the ones before it only where it has work to do."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from common import jsonl
from deployment.gguf.inspection import GgufInfo, obstacles
from deployment.gguf.tokens import TokenProof, prove_tokens
from deployment.models import BuildStep, ServingPolicy
from deployment.quantization import bytes_needed, problem_with
from deployment.services.modelfiles import context_of, parameters_of
from deployment.services.pipeline import identity, rows, store
from deployment.services.pipeline.processes import BuildError, run, run_json
from deployment.services.pipeline.prompts import proof_prompts
from deployment.services.pipeline.proof import ANSWERS, ASKED, GGUF_IDS, PROOF, QUESTIONS, SCHEMA, TRAINING_IDS
from deployment.services.pipeline.space import require_space, weights_bytes
from labeling.kinds import json_schema
from training.models import ModelVersion
from training.services import resolve_location, run_folder

Name = BuildStep.Name
MODEL, _INFO = "model", "info.json"


@dataclass(frozen=True)
class Built:
    """A proven GGUF, and its adapter where that is served apart."""

    path: Path
    adapter: Path | None
    sha256: str
    size: int
    quantization: str
    proof: TokenProof


class Pipeline:
    """The steps of one version. Raises `BuildError` where one refuses; `OSError` and the like may be tried again."""

    def __init__(self, version: ModelVersion, policy: ServingPolicy) -> None:
        self.version, self.policy = version, policy

    def build(self) -> Built:
        """Whatever is still to do, in order. A proof that fails comes back like one that holds."""
        problem = problem_with(self.policy.quantization)
        if problem:
            raise BuildError(problem)
        gguf = self.gguf
        self._inspect()
        adapter = self.adapter
        proof = self._prove()
        rows.not_needed(self.version, Name.MERGE, self._merge_key)
        path = gguf.folder / self._file_name
        return Built(path, adapter, gguf.digests[path.name], path.stat().st_size, self.policy.quantization, proof)

    @property
    def _file_name(self) -> str:
        return f"model-{self.policy.quantization}.gguf"

    @cached_property
    def _merge_key(self) -> str:
        return store.key_of(identity.of_merge(self.version))

    @cached_property
    def _convert_key(self) -> str:
        return store.key_of(identity.of_conversion(self._merge_key, self.policy.quantization))

    @property
    def _proven_key(self) -> str:
        """What the files that are served follow from."""
        return self._convert_key

    @cached_property
    def merged(self) -> Path:
        """The 16-bit model with its adapter merged in, as a Hugging Face folder."""
        location = Path(resolve_location(self.version.base))

        def work(place: store.Workplace) -> None:
            run("training.engine", "merge", *self._source(), "--out", place.folder / MODEL, lock=place.lock)

        def ready() -> None:
            require_space(weights_bytes(location), Name.MERGE)

        return rows.obtain(self.version, Name.MERGE, self._merge_key, ready, work).folder / MODEL

    def _source(self) -> list[str]:
        trained = self.version.trained_by
        return ["--run", str(run_folder(trained))] if trained else self._bare

    @property
    def _bare(self) -> list[str]:
        return ["--base", resolve_location(self.version.base), *_hub_options(self.version)]

    @cached_property
    def gguf(self) -> store.StepResult:
        """The folder with the GGUF."""
        quantization = self.policy.quantization
        if store.find(Name.CONVERT, self._convert_key) is None:
            self.merged  # noqa: B018  made before this step's clock and lock begin

        def work(place: store.Workplace) -> None:
            options = ["--model", self.merged, "--out", place.folder / self._file_name, "--outtype", quantization]
            run_json("deployment.gguf", "convert", *options, lock=place.lock)

        def ready() -> None:
            require_space(bytes_needed(quantization, weights_bytes(self.merged)), Name.CONVERT)

        return rows.obtain(self.version, Name.CONVERT, self._convert_key, ready, work)

    @cached_property
    def adapter(self) -> Path | None:
        """The adapter's own GGUF, where it is served apart."""
        return None

    def _inspect(self) -> None:
        gguf = self.gguf.folder / self._file_name
        key = store.key_of(identity.of_inspection(self._convert_key))

        def work(place: store.Workplace) -> None:
            found = run_json("deployment.gguf", "inspect", "--gguf", gguf, lock=place.lock)
            (place.folder / _INFO).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")

        result = rows.obtain(self.version, Name.INSPECT, key, lambda: require_space(0, Name.INSPECT), work)
        info = GgufInfo(**json.loads((result.folder / _INFO).read_text(encoding="utf-8")))
        shown = {name: value for name, value in vars(info).items() if name != "chat_template"}
        rows.note(self.version, Name.INSPECT, detail=shown | {"chat_template_characters": len(info.chat_template)})
        self._refuse(Name.INSPECT, " ".join(obstacles(info, context_of(self.version))))

    def _prove(self) -> TokenProof:
        gguf = self.gguf.folder / self._file_name
        asked = proof_prompts(self.version, self.policy.proof_prompts)
        spec = self.version.spec.to_spec()
        wanted = {"answers": self.policy.answer_prompts, "schema": json_schema(spec), "decoding": self.version.decoding}
        base = identity.of_base(self.version.base)
        key = store.key_of(identity.of_proof(self._proven_key, base, {"prompts": asked, **wanted}))
        if self.policy.answer_prompts and store.find(Name.PROVE, key) is None:
            self.merged  # noqa: B018  as above

        def work(place: store.Workplace) -> None:
            folder = place.folder
            jsonl.write(folder / ASKED, ({"messages": messages} for messages in asked))
            model = ["--model", resolve_location(self.version.base), *_hub_options(self.version)]
            files = ["--prompts", folder / ASKED, "--out", folder / TRAINING_IDS]
            run("training.engine", "tokenize", *model, *files, lock=place.lock)
            files = ["--prompts", folder / TRAINING_IDS, "--out", folder / GGUF_IDS]
            run("deployment.gguf", "tokenize", "--gguf", gguf, *files, lock=place.lock)
            training = list(jsonl.read(folder / TRAINING_IDS))
            proof = prove_tokens(training, list(jsonl.read(folder / GGUF_IDS)))
            (folder / PROOF).write_text(json.dumps(vars(proof), ensure_ascii=False), encoding="utf-8")
            if proof.ok and self.policy.answer_prompts:
                self._answer(place, asked, training)

        result = rows.obtain(self.version, Name.PROVE, key, lambda: require_space(0, Name.PROVE), work)
        proof = TokenProof(**json.loads((result.folder / PROOF).read_text(encoding="utf-8")))
        rows.note(self.version, Name.PROVE, detail={"checked": proof.checked, "agreed": proof.agreed})
        if not proof.ok:
            rows.note(self.version, Name.PROVE, state=BuildStep.State.FAILED, error=proof.sentence)
        return proof

    def _answer(
        self, place: store.Workplace, asked: list[list[dict[str, str]]], training: list[dict[str, Any]]
    ) -> None:
        """The merged 16-bit model's own greedy answers to the first prompts that the context has room for."""
        folder, spec = place.folder, self.version.spec.to_spec()
        limit, context = int(parameters_of(self.version).get("num_predict", 256)), context_of(self.version)
        fitting = [
            {"messages": messages}
            for messages, row in zip(asked, training, strict=True)
            if len(row["ids"]) + limit <= context
        ]
        jsonl.write(folder / QUESTIONS, fitting[: self.policy.answer_prompts])
        (folder / SCHEMA).write_text(json.dumps(json_schema(spec)), encoding="utf-8")
        options = ["--model", self.merged, "--prompts", folder / QUESTIONS, "--schema", folder / SCHEMA]
        run("training.engine", "answer", *options, "--limit", limit, "--out", folder / ANSWERS, lock=place.lock)

    def _refuse(self, name: str, problem: str) -> None:
        if problem:
            rows.note(self.version, name, state=BuildStep.State.FAILED, error=problem)
            raise BuildError(problem)


def _hub_options(version: ModelVersion) -> list[str]:
    options = []
    for name, value in (("--revision", version.base.revision), ("--token-env", version.base.token_env)):
        options += [name, value] if value else []
    return options
