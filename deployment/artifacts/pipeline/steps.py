"""The steps to a GGUF: merge, convert, inspect, prove.

A step asks for the ones before it only where it has work to do.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from common import jsonl
from deployment.artifacts.gguf.inspection import GgufInfo, obstacles
from deployment.artifacts.gguf.tokens import TokenProof, prove_tokens
from deployment.artifacts.modelfiles import context_of, parameters_of
from deployment.artifacts.pipeline import identity, rows, store
from deployment.artifacts.pipeline.base import Built, Steps
from deployment.artifacts.pipeline.processes import ENGINE, BuildError, run, run_json
from deployment.artifacts.pipeline.prompts import proof_prompts
from deployment.artifacts.pipeline.proof import (
    ANSWERS,
    ASKED,
    GGUF_IDS,
    MARKS,
    PROOF,
    QUESTIONS,
    SCHEMA,
    TRAINING_IDS,
    FileProof,
)
from deployment.artifacts.pipeline.space import require_space, weights_bytes
from deployment.models import BuildStep, ParityReport
from deployment.quantization import bytes_needed, problem_with
from labeling.kinds import DEFAULT_DECODING, Spec, json_schema
from labeling.marks import neutralise, not_broken
from training.engine.merge import RECORD
from training.models import ModelVersion
from training.services import chat_of, resolve_location, run_folder

Name = BuildStep.Name
MODEL, _INFO = "model", "info.json"


class Pipeline(Steps):
    """The steps to a GGUF."""

    def build(self) -> Built:
        """Merge, convert, inspect, prove."""
        problem = problem_with(self.quantization)
        if problem:
            raise BuildError(problem)
        gguf = self.convert()
        self._inspect()
        adapter = self.convert_adapter()
        proof, marks = self._prove()
        rows.not_needed(self.artifact, Name.MERGE, self._merge_key)
        path = gguf.folder / self._file_name
        return Built(path, adapter, gguf.digests[path.name], path.stat().st_size, _told(proof), marks)

    @property
    def _file_name(self) -> str:
        return f"model-{self.quantization}.gguf"

    @cached_property
    def _merge_key(self) -> str:
        return store.key_of(identity.of_merge(self.version))

    @cached_property
    def _convert_key(self) -> str:
        return store.key_of(identity.of_conversion(self._merge_key, self.quantization))

    @property
    def _proven_key(self) -> str:
        """What the files that are served follow from."""
        return self._convert_key

    def merge(self) -> Path:
        """The 16-bit model with its adapter merged in, as a Hugging Face folder."""
        location = Path(resolve_location(self.version.base))

        def work(place: store.Workplace) -> None:
            source, key = self._source(), self.version.base.token_env
            run(ENGINE, "merge", *source, "--out", place.folder / MODEL, lock=place.lock, key=key)

        def ready() -> None:
            require_space(weights_bytes(location), Name.MERGE)

        folder = self._obtain(Name.MERGE, self._merge_key, ready, work).folder / MODEL
        agreement = json.loads((folder / RECORD).read_text(encoding="utf-8")).get("agreement")
        if agreement:  # of base with adapter, and the merged model
            rows.note(self.artifact, Name.MERGE, detail=agreement)
        return folder

    def _source(self) -> list[str]:
        trained = self.version.trained_by
        return ["--run", str(run_folder(trained))] if trained else self._bare

    @property
    def _bare(self) -> list[str]:
        return ["--base", resolve_location(self.version.base), *_hub_options(self.version), *self._chat]

    @property
    def _chat(self) -> list[str]:
        """How the model is asked, as training froze it into the template."""
        return ["--chat", json.dumps(chat_of(self.version.spec, self.version.base))]

    def convert(self) -> store.StepResult:
        """The folder with the GGUF."""
        if store.find(Name.CONVERT, self._convert_key) is None:
            self.merge()  # before this step's clock and lock begin

        def work(place: store.Workplace) -> None:
            options = ["--model", self.merge(), "--out", place.folder / self._file_name, "--outtype", self.quantization]
            run_json("deployment.artifacts.gguf", "convert", *options, lock=place.lock)

        def ready() -> None:
            require_space(bytes_needed(self.quantization, weights_bytes(self.merge())), Name.CONVERT)

        return self._obtain(Name.CONVERT, self._convert_key, ready, work)

    def convert_adapter(self) -> Path | None:
        """The adapter's own GGUF, where it is served apart."""
        return None

    def _inspect(self) -> None:
        gguf = self.convert().folder / self._file_name
        key = store.key_of(identity.of_inspection(self._convert_key))

        def work(place: store.Workplace) -> None:
            found = run_json("deployment.artifacts.gguf", "inspect", "--gguf", gguf, lock=place.lock)
            (place.folder / _INFO).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")

        result = self._obtain(Name.INSPECT, key, lambda: require_space(0, Name.INSPECT), work)
        info = GgufInfo(**json.loads((result.folder / _INFO).read_text(encoding="utf-8")))
        shown = {name: value for name, value in vars(info).items() if name != "chat_template"}
        rows.note(self.artifact, Name.INSPECT, detail=shown | {"chat_template_characters": len(info.chat_template)})
        self._refuse(Name.INSPECT, " ".join(obstacles(info, context_of(self.version))))

    def _prove(self) -> tuple[TokenProof, tuple[str, ...]]:
        """The token proof, and the marks of the tokenizer that prompts break beside the generous list."""
        gguf = self.convert().folder / self._file_name
        asked = proof_prompts(self.version, self.policy.proof_prompts)
        spec = self.version.spec.to_spec()
        wanted = {"answers": self.policy.answer_prompts, "schema": json_schema(spec), "decoding": self.version.decoding}
        wanted |= {"thinking": spec.thinking}
        base = identity.of_base(self.version.base)
        key = store.key_of(identity.of_proof(self._proven_key, base, {"prompts": asked, **wanted}))
        if self.policy.answer_prompts and store.find(Name.PROVE, key) is None:
            self.merge()  # as above

        def work(place: store.Workplace) -> None:
            folder = place.folder
            jsonl.write(folder / ASKED, ({"messages": messages} for messages in asked))
            model = ["--model", resolve_location(self.version.base), *_hub_options(self.version), *self._chat]
            files = ["--prompts", folder / ASKED, "--out", folder / TRAINING_IDS, "--marks", folder / MARKS]
            run(ENGINE, "tokenize", *model, *files, lock=place.lock, key=self.version.base.token_env)
            files = ["--prompts", folder / TRAINING_IDS, "--out", folder / GGUF_IDS]
            files += ["--thinking"] if spec.thinking else []
            run("deployment.artifacts.gguf", "tokenize", "--gguf", gguf, *files, lock=place.lock)
            training = list(jsonl.read(folder / TRAINING_IDS))
            proof = prove_tokens(training, list(jsonl.read(folder / GGUF_IDS)))
            (folder / PROOF).write_text(json.dumps(vars(proof), ensure_ascii=False), encoding="utf-8")
            if proof.ok and self.policy.answer_prompts:
                self._answer(place, training)

        result = self._obtain(Name.PROVE, key, lambda: require_space(0, Name.PROVE), work)
        proof = TokenProof(**json.loads((result.folder / PROOF).read_text(encoding="utf-8")))
        rows.note(self.artifact, Name.PROVE, detail={"checked": proof.checked, "agreed": proof.agreed})
        if not proof.ok:
            rows.note(self.artifact, Name.PROVE, state=BuildStep.State.FAILED, error=proof.sentence)
        marks = not_broken(tuple(json.loads((result.folder / MARKS).read_text(encoding="utf-8"))))
        self._refuse(Name.PROVE, marked_labels(spec, marks))
        return proof, marks

    def _answer(self, place: store.Workplace, training: list[dict[str, Any]]) -> None:
        """The merged 16-bit model's own greedy answers to the first prompts that the context has room for."""
        folder, spec = place.folder, self.version.spec.to_spec()
        limit = int((DEFAULT_DECODING | parameters_of(self.version))["num_predict"])
        context = context_of(self.version)
        fitting = [{"messages": row["messages"]} for row in training if len(row["ids"]) + limit <= context]
        jsonl.write(folder / QUESTIONS, fitting[: self.policy.answer_prompts])
        (folder / SCHEMA).write_text(json.dumps(json_schema(spec)), encoding="utf-8")
        options = ["--model", self.merge(), "--prompts", folder / QUESTIONS, "--schema", folder / SCHEMA]
        run(ENGINE, "answer", *options, "--limit", limit, "--out", folder / ANSWERS, lock=place.lock)

    def _refuse(self, name: str, problem: str) -> None:
        if problem:
            rows.note(self.artifact, name, state=BuildStep.State.FAILED, error=problem)
            raise BuildError(problem)


def _told(proof: TokenProof) -> FileProof:
    return FileProof(
        question=ParityReport.Question.TOKENS,
        ok=proof.ok,
        checked=proof.checked,
        agreed=proof.agreed,
        sentence=proof.sentence,
        first_difference=proof.first_difference,
        trap=proof.trap,
    )


def marked_labels(spec: Spec, marks: tuple[str, ...]) -> str:
    """What is wrong where labels hold marks of the model's tokenizer: prompts and answers would write them broken."""
    marked = [repr(name) for name in spec.label_names if neutralise(name, marks) != name]
    if not marked:
        return ""
    return (
        f"The model's tokenizer has marks of its own in the labels {', '.join(marked[:5])}, so it can neither be asked "
        "about them nor answer with them as they are written. Rename these labels, or choose another base model."
    )


def _hub_options(version: ModelVersion) -> list[str]:
    options = []
    for name, value in (("--revision", version.base.revision), ("--token-env", version.base.token_env)):
        options += [name, value] if value else []
    return options
