"""Evidence that what is served is what was trained: three questions, a row for each time one is asked.

Tokens are proven when the GGUF is built; a server's rendering, counts and answers when the version is staged there,
and again whenever somebody has a reason to ask (the server's release changed, say). A report only reads.
"""

from dataclasses import asdict, dataclass
from typing import Any

from deployment.agreement import upper_bound
from deployment.drivers import Driver, Rendered, driver_for
from deployment.gguf.tokens import TokenProof
from deployment.models import ParityReport, ServingPolicy, StagedVersion
from deployment.services.modelfiles import context_of
from deployment.services.pipeline.proof import Evidence, Expected, Reference, evidence_of
from labeling import answers
from labeling.kinds import json_schema
from training.models import ModelVersion

Question = ParityReport.Question
SHOWN = 3
_EXCERPT = 160
# The 16-bit model's answers are its most likely tokens, whatever penalties the version is served with.
_GREEDY = {"temperature": 0, "repeat_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}

_ADVICE = {
    "template": (
        "It looks like another chat template: the server builds the prompt from a template of its own. Ollama does so "
        "where the model's is short, or nearly one that it knows: put a Jinja comment of 100 characters in front of "
        "the chat template in the base's tokenizer, or train with the known one, and rebuild (docs/drivers.md). Else "
        "remove TEMPLATE from what the tag was created with, or upgrade the server"
    ),
    "bos": (
        "It looks like a BOS token in front (trap add_bos_token): set add_bos_token to false in the base's "
        "tokenizer configuration and rebuild"
    ),
    "space": (
        "It looks like a prefix space (trap add_prefix_space): set add_prefix_space to false in the base's tokenizer "
        "configuration and rebuild"
    ),
    "merges": (
        "It looks like other merges: the server reads the vocabulary differently from the llama.cpp of the build; "
        "upgrade the server, or look whether tokenizer.model was lost from the base and rebuild"
    ),
    "weights": (
        "It looks like other weights: the quantization is too coarse for this model, or the conversion went wrong. "
        "Choose q8_0 or f16 in the serving policy and rebuild"
    ),
}


@dataclass(frozen=True)
class Difference:
    """One prompt on which the server's view is not ours."""

    prompt: str
    ours: str
    theirs: str
    our_tokens: int | None = None
    their_tokens: int | None = None


def record_tokens(version: ModelVersion, proof: TokenProof) -> ParityReport:
    """Keep the token proof of a built GGUF as a report."""
    return ParityReport.objects.create(
        version=version,
        question=Question.TOKENS,
        ok=proof.ok,
        checked=proof.checked,
        agreed=proof.agreed,
        trap=proof.trap[:20],
        sentence=proof.sentence,
        differences=[proof.first_difference] if proof.first_difference else [],
    )


def prove_on_server(staged: StagedVersion) -> list[ParityReport]:
    """Ask the server where the version stands, or is about to; the reports, the answers' last.

    Answers are not asked for where the prompts differ already. Raises `DriverError`; `FileNotFoundError` where the
    evidence that was kept is gone.
    """
    evidence = evidence_of(staged.version)
    driver = driver_for(staged.server)
    version = driver.probe().version
    if staged.version.base.server_name:
        return []
    if evidence is None:
        sentence = "There is nothing to compare with: the version was built before evidence was kept. Rebuild it."
        return [_report(staged, version, Question.SERVER, ok=None, checked=0, agreed=0, sentence=sentence)]
    reports = [_prove_prompts(staged, driver, version, evidence)]
    if reports[0].ok and evidence.answers:
        reports.append(_prove_answers(staged, driver, version, evidence.answers))
    return reports


def _prove_prompts(staged: StagedVersion, driver: Driver, version: str, evidence: Evidence) -> ParityReport:
    differences: list[Difference] = []
    traps: list[str] = []
    for expected in evidence.prompts:
        rendered = driver.render(staged.tag, expected.messages)
        trap = _trap(expected, rendered, context_of(staged.version))
        if trap:
            traps.append(trap)
            differences.append(_difference(expected, rendered))
    checked = len(evidence.prompts)
    agreed = checked - len(traps)
    if traps:
        trap = max(sorted(set(traps)), key=traps.count)
        sentence = f"{len(traps)} of {checked} prompts reach the model differently on {staged.server}. {_ADVICE[trap]}."
    else:
        trap = ""
        sentence = f"rendered prompts and token counts equal on {checked} of {checked} prompts"
    return _report(
        staged,
        version,
        Question.SERVER,
        ok=not traps,
        checked=checked,
        agreed=agreed,
        trap=trap,
        sentence=sentence,
        differences=[asdict(each) for each in differences[:SHOWN]],
    )


def _trap(expected: Expected, rendered: Rendered, context: int) -> str:
    """Which known mistake this prompt shows; empty where the server sees what training saw.

    A prompt over the context is counted as any other: servers refuse it with its count. One that is refused without a
    count agrees where it is over the context by training's count as well.
    """
    if rendered.text != expected.text:
        if rendered.text.lstrip(" ") == expected.text:
            return "space"
        return "template"
    if rendered.tokens is None:
        return "" if expected.tokens > context else "merges"
    if rendered.tokens == expected.tokens:
        return ""
    return "bos" if rendered.tokens == expected.tokens + 1 else "merges"


def _difference(expected: Expected, rendered: Rendered) -> Difference:
    """The texts from where they part; where they are equal, what differs is the counts."""
    theirs = rendered.text
    pairs = enumerate(zip(expected.text, theirs, strict=False))
    at = next((index for index, (one, other) in pairs if one != other), min(len(expected.text), len(theirs)))
    window = slice(max(0, at - 20), at + _EXCERPT)
    asked = expected.messages[-1]["content"][:_EXCERPT]
    return Difference(asked, expected.text[window], theirs[window], expected.tokens, rendered.tokens)


def _prove_answers(staged: StagedVersion, driver: Driver, version: str, references: list[Reference]) -> ParityReport:
    spec = staged.version.spec.to_spec()
    schema, decoding = json_schema(spec), {**staged.version.decoding, **_GREEDY}
    differences = []
    for each in references:
        text = driver.chat(staged.tag, each.messages, decoding, schema).text
        if answers.parse(text, spec).answer != answers.parse(each.answer, spec).answer:
            asked = each.messages[-1]["content"][:_EXCERPT]
            differences.append(Difference(asked, each.answer[:_EXCERPT], text[:_EXCERPT]))
    checked = len(references)
    agreed = checked - len(differences)
    bound, limit = upper_bound(agreed, checked), _limit(staged.version)
    sentence = f"{agreed} of {checked} greedy answers equal the merged 16-bit model's"
    ok: bool | None = bound >= limit
    if staged.version.trained_by is None:
        ok = None
        sentence += "; only reported, since the answers of an untrained base model are easily turned"
    elif not ok:
        sentence += (
            f": their agreement is at most {bound:.3f}, and the serving policy asks for {limit:.3f}. "
            f"{_ADVICE['weights']}."
        )
    return _report(
        staged,
        version,
        Question.ANSWERS,
        ok=ok,
        checked=checked,
        agreed=agreed,
        bound=bound,
        limit=limit,
        trap="weights" if ok is False else "",
        sentence=sentence,
        differences=[asdict(each) for each in differences[:SHOWN]],
    )


def _limit(version: ModelVersion) -> float:
    policy = ServingPolicy.objects.filter(project=version.project_id).first() or ServingPolicy()
    return policy.answer_agreement


def _report(staged: StagedVersion, server_version: str, question: str, **figures: Any) -> ParityReport:
    return ParityReport.objects.create(
        version=staged.version,
        server=staged.server,
        server_version=server_version[:60],
        question=question,
        **figures,
    )
