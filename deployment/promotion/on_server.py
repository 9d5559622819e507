"""What a move does on one server: load the version and have it answer, point the alias at it and prove that."""

from typing import Any

from common.patience import within
from common.problems import ConflictError
from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.promotion.alias import is_still_to_lead, why_ours
from deployment.promotion.attempt import Attempt
from deployment.servers.availability import unavailable
from deployment.servers.drivers import Driver, DriverError, PromptTooLongError, Proof, driver_for
from deployment.serving.predict import ask
from labeling.answers import Status, keeps_form
from labeling.kinds import Input, kind_of
from labeling.models import Project, Sample, Split

Target = DeploymentTarget.State
CANARY = "Hello, is anybody there?"
# What a server may take to say what it has, and to move an alias and prove it; beyond its limit a canary has as long.
_SECONDS = 15.0


def warm(attempt: Attempt, target: DeploymentTarget) -> float:
    """Load and probe the version on one server; the slowest canary in milliseconds."""
    staged, row = target.staged, attempt.row
    assert staged is not None
    driver = driver_for(target.server)
    with within(_SECONDS):
        alias, version = driver.digests_of(row.project.key, staged.tag)
    _refuse_foreign_alias(row.project, staged, alias)
    if alias and alias == version:
        attempt.led.add(target.pk)
    driver.load(staged.tag, seen=version)
    limit = attempt.canary_seconds * 1000
    slowest, spec, asked, unread = 0.0, row.version.spec.to_spec(), 0, []
    greeting, *own = _canaries(row)
    for text in (greeting, *own):
        try:
            with within(attempt.canary_seconds + _SECONDS):
                answer = ask(staged, spec, text)
        except PromptTooLongError:
            if text == greeting:
                raise
            continue  # says something about the text, not about the version
        asked += 1
        slowest = max(slowest, answer.latency_ms)
        # A greeting may hold nothing that answers are made of: the form is what is looked at.
        if answer.parsed.status == Status.FAILED and not keeps_form(answer.raw, spec):
            unread.append(f"{answer.raw[:80]!r} ({answer.parsed.reason})")
        if answer.latency_ms > limit:
            raise ConflictError(
                f"{staged} took {answer.latency_ms:.0f} ms for a canary; the serving policy allows {limit:.0f}"
            )
    # A good version may miss one; the gate has judged how often.
    if len(unread) * 2 > asked:
        raise ConflictError(f"{staged} answered most canaries in a form that cannot be read: {unread[0]}")
    _note(target, Target.WARMED, canary_ms=slowest)
    return slowest


def _canaries(row: Deployment) -> list[Input]:
    """A greeting, and texts of the project that no test is made of; a rollback, which must be quick, asks one."""
    greeting = kind_of(row.version.spec).input.of_text(CANARY)
    if row.action == Deployment.Action.ROLLBACK:
        return [greeting]
    own = Sample.objects.filter(project_id=row.project_id, split=Split.VALIDATION).in_use().order_by("-id")
    return [greeting, *(sample.whole_input for sample in own[:2])]


def _refuse_foreign_alias(project: Project, staged: StagedVersion, found: str) -> None:
    """The alias is the project's key: a model of that name which is not ours must not be overwritten."""
    ours = StagedVersion.objects.filter(server=staged.server, version__project=project, manifest_digest=found)
    if found and not ours.exists():
        raise ConflictError(f"on {staged.server} a model named {project.key} is somebody else's; rename or remove it.")


def mirror(row: Deployment, target: DeploymentTarget, *, led: bool = False) -> str:
    """Move the alias on one server and prove it by digest and by an answer; what was seen.

    `led`: it was just seen to lead there, as it had stayed. Then it is proven alone: who asks it while it is copied may
    find it empty.
    """
    assert target.staged is not None
    driver, alias = driver_for(target.server), row.project.key
    with within(_SECONDS):
        proof = driver.prove(alias, target.staged.tag) if led else None
        if proof is None or not proof.ok:
            driver.move(alias, target.staged.tag)
            _note(target, Target.MOVED)
            proof = driver.prove(alias, target.staged.tag)
    if not proof.ok:
        raise ConflictError(f"on {target.server}: {proof.sentence}")
    _note(target, Target.PROVEN, proof=proof.sentence)
    return f"{target.server.name}: {proof.sentence}"


def hold(row: Deployment, target: DeploymentTarget) -> str:
    """On a server that cannot serve the version: see that the alias leads to what it stays with; what was seen.

    What a person made of it is left to them, as a finding. No request of ours goes there, so that a server that does
    not answer ends no move: it is noted, and looked at again.
    """
    if target.staged is None:
        return f"{target.server.name} cannot serve it and has no alias"
    try:
        seen = _held(row, target, target.staged)
    except (DriverError, ConflictError) as error:
        _note(target, Target.STAYS, error=str(error))
        return f"{target.server.name}: the alias stays with {target.staged.version}, not seen yet: {error}"
    _note(target, Target.STAYS, proof=seen)
    return f"{target.server.name}: the alias stays with {target.staged.version}, {seen}"


def is_to_be_led(target: DeploymentTarget, staged: StagedVersion) -> bool:
    """Whether `hold` would move the alias now: what is somebody's own stays, and nothing is loaded for it.

    Raises `DriverError`.
    """
    driver = driver_for(target.server)
    with within(_SECONDS):
        proof = driver.prove(target.deployment.project.key, staged.tag)
        return not proof.ok and _is_ours(target, staged, driver, proof)


def _is_ours(target: DeploymentTarget, staged: StagedVersion, driver: Driver, proof: Proof) -> bool:
    project = target.deployment.project
    return is_still_to_lead(target, proof.digest) or bool(why_ours(project, staged, driver, proof))


def _held(row: Deployment, target: DeploymentTarget, staged: StagedVersion) -> str:
    """Led there only where a move has yet to do that, or nobody decided that it leads elsewhere."""
    project, server = row.project, target.server
    if not server.is_active or unavailable(server):
        raise ConflictError(f"{server} is {'away' if server.is_active else 'switched off'}.")
    driver = driver_for(server)
    with within(_SECONDS):
        proof = driver.prove(project.key, staged.tag)
        if not proof.ok and _is_ours(target, staged, driver, proof):
            _refuse_foreign_alias(project, staged, proof.digest)
            driver.load(staged.tag)
            driver.move(project.key, staged.tag)
            proof = driver.prove(project.key, staged.tag)
    if not proof.ok:
        raise ConflictError(proof.sentence)
    return proof.sentence


def _note(target: DeploymentTarget, state: str, **values: Any) -> None:
    found = {"state": state, "error": "", **values}
    DeploymentTarget.objects.filter(pk=target.pk).update(**found)
    for name, value in found.items():
        setattr(target, name, value)
