"""Evidence that a head that is served is the one that was fitted: answers and probabilities, asked of the server.

There is no prompt and there are no tokens to be held against training's: the texts go in as they are.
"""

from collections.abc import Mapping, Sequence

from common.intervals import upper_bound
from deployment.artifacts.heads.proving import ELSEWHERE, Answered, prove
from deployment.artifacts.pipeline.proof import head_evidence_of
from deployment.artifacts.proofs import agreement_asked, keep_on_server
from deployment.models import ParityReport, ServingPolicy, StagedVersion
from deployment.servers.drivers import Driver, RefusedError

SHOWN = 3
_ADVICE = (
    "The server computes the same file otherwise: look whether its onnxruntime is the one of the build host, or make "
    "the encoder on a host of its kind (`make encoder`), train again, and stage that version."
)


def prove_head(staged: StagedVersion, driver: Driver, server_version: str) -> ParityReport:
    """Ask the server where the version stands as many texts as the policy says, validation rows first.

    Raises `DriverError`; `OSError` where the evidence that was kept is gone or damaged.
    """
    assert staged.artifact is not None
    fitted, proof = head_evidence_of(staged.artifact)
    policy = ServingPolicy.of(staged.version.project_id) or ServingPolicy()

    def ask(messages: Sequence[Mapping[str, str]]) -> Answered:
        reply = driver.chat(staged.tag, [dict(each) for each in messages], {}, None)
        if reply.head is None:
            raise RefusedError(f"{staged.server} gave an answer without probabilities; it is of an older release.")
        return Answered(reply.text, reply.head.probabilities)

    found = prove(fitted.record.answering, proof, ask, tolerance=ELSEWHERE, most=max(1, policy.proof_prompts))
    bound, limit = upper_bound(found.agreed, found.checked), agreement_asked(staged.version)
    ok = bound >= limit
    sentence = found.sentence
    if not ok:
        sentence += f": they agree on at most {bound:.3f}, and the serving policy asks for {limit:.3f}. {_ADVICE}"
    return keep_on_server(
        staged,
        server_version,
        ParityReport.Question.HEAD,
        ok=ok,
        checked=found.checked,
        agreed=found.agreed,
        bound=bound,
        limit=limit,
        sentence=sentence,
        differences=found.differences[:SHOWN],
    )
