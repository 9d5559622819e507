"""Evidence that what is served is what was trained: three questions, a row for each time one is asked.

Tokens are proven when the GGUF is built; a server's rendering, counts and answers when the version is staged there,
and again whenever somebody has a reason to ask (the server's release changed, say). A report only reads.
"""

import math
from dataclasses import asdict, dataclass

from common.intervals import upper_bound, visible_deviation
from deployment.artifacts.head_parity import prove_head
from deployment.artifacts.modelfiles import context_of, parameters_of
from deployment.artifacts.pipeline.proof import Evidence, Expected, FileProof, Reference, evidence_of
from deployment.artifacts.proofs import agreement_asked, keep, keep_on_server
from deployment.models import Artifact, ParityReport, StagedVersion
from deployment.servers.drivers import Driver, Rendered, driver_for
from labeling import answers, prompts
from labeling.kinds import Spec, json_schema

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


def record_proof(artifact: Artifact, proof: FileProof) -> ParityReport:
    """Keep the proof of a built file as a report, under the version whose weights it has."""
    return keep(
        version=artifact.weights,
        artifact=artifact,
        question=proof.question,
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
    driver = driver_for(staged.server)
    version = driver.probe().version
    if staged.artifact is None:
        return []
    if staged.version.is_head:
        return [prove_head(staged, driver, version)]
    evidence = evidence_of(staged.artifact)
    if evidence is None:
        sentence = "There is nothing to compare with: the version was built before evidence was kept. Rebuild it."
        return [keep_on_server(staged, version, Question.SERVER, ok=None, checked=0, agreed=0, sentence=sentence)]
    reports = [_prove_prompts(staged, driver, version, evidence)]
    references = _fitting(staged, evidence.answers)
    if reports[0].ok and references:
        reports.append(_prove_answers(staged, driver, version, references))
    return reports


def _fitting(staged: StagedVersion, references: list[Reference]) -> list[Reference]:
    """An edited version may have a shorter context than the one whose file it shares, and so has this proof."""
    room = context_of(staged.version) - int(parameters_of(staged.version.weights).get("num_predict", 256))
    return [each for each in references if each.tokens <= room]


def _prove_prompts(staged: StagedVersion, driver: Driver, version: str, evidence: Evidence) -> ParityReport:
    differences: list[Difference] = []
    traps: list[str] = []
    for expected in evidence.prompts:
        rendered = driver.render(staged.tag, expected.messages, thinking=staged.version.spec.thinking)
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
    return keep_on_server(
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
    count agrees where it is over the context by training's count as well. The token that begins a prompt is written by
    the template, or left to the tokenizer: that it is there, and once, is said by the count.
    """
    if rendered.text not in (expected.text, expected.text.removeprefix(expected.bos)):
        if rendered.text.lstrip(" ") == expected.text:
            return "space"
        return "template"
    if rendered.tokens is None:
        return "" if expected.tokens > context else "merges"
    if rendered.tokens == expected.tokens:
        return ""
    missing = bool(expected.bos) and rendered.tokens == expected.tokens - 1
    return "bos" if missing or rendered.tokens == expected.tokens + 1 else "merges"


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
    # Asked as the merged model was: what an edit changed is for the benchmark to judge.
    schema, decoding = json_schema(spec), {**staged.version.weights.decoding, **_GREEDY}
    differences = []
    for each in references:
        text = driver.chat(staged.tag, each.messages, decoding, schema, thinking=spec.thinking).text
        if not _says_the_same(spec, each, text):
            asked = each.messages[-1]["content"][:_EXCERPT]
            differences.append(Difference(asked, each.answer[:_EXCERPT], text[:_EXCERPT]))
    checked = len(references)
    agreed = checked - len(differences)
    bound, limit = upper_bound(agreed, checked), agreement_asked(staged.version)
    sentence = f"{agreed} of {checked} greedy answers equal the merged 16-bit model's"
    ok: bool | None = bound >= limit
    if staged.version.trained_by is None or spec.thinking:
        what = "a model that thinks aloud" if spec.thinking else "an untrained base model"
        ok = None
        sentence += f"; only reported, since the answers of {what} are easily turned"
    elif ok:
        sentence += f"; {_sight(checked, limit)}"
    else:
        sentence += (
            f": their agreement is at most {bound:.3f}, and the serving policy asks for {limit:.3f}. "
            f"{_ADVICE['weights']}."
        )
    return keep_on_server(
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


def _sight(checked: int, limit: float) -> str:
    """What so many answers could have seen: few of them say little, however equal they are."""
    seen = visible_deviation(checked, limit)
    if seen is None:
        return "so few find no server that answers otherwise: raise the answer prompts in the serving policy"
    return f"so many find a server that answers {math.ceil(100 * seen)} % otherwise, or more, nine times in ten"


def _says_the_same(spec: Spec, reference: Reference, text: str) -> bool:
    """Whether both texts are read as one answer; what cannot be read (a limit cut it off, say) is compared as it is."""
    said_of = prompts.input_of(spec, reference.messages)
    ours, theirs = (answers.parse(each, spec, said_of).answer for each in (reference.answer, text))
    return ours == theirs and (ours is not None or reference.answer == text)
