"""Automatic acceptance as pages and API tell it: the promise, what certifies it, what was accepted, its audit."""

from dataclasses import dataclass

from django.db.models import Count, Q

from deployment.live import live_version
from evaluation import certifying
from evaluation.auditing import WAITING, stake
from evaluation.models import Acceptance, AcceptPolicy, Calibration, Certificate
from evaluation.services.accepting import audited
from evaluation.services.certificates import (
    in_force,
    is_of_today,
    is_over,
    looks_at,
    newest_calibration,
    open_certificates,
)
from evaluation.services.certificates import policy_of as accept_policy
from evaluation.services.reopening import left
from labeling.models import Project, SampleState
from labeling.querysets import capped_count
from training.models import ModelVersion


@dataclass(frozen=True)
class Audit:
    """Of one certificate: what experts said of the part that was drawn, and what the bets against it are worth.

    `left_out`: rejected, withdrawn, or answered beside a model's. At `limit` the promise counts as broken.
    """

    waiting: int = 0
    right: int = 0
    wrong: int = 0
    left_out: int = 0
    stake: float = 1.0
    limit: float = 20.0

    @property
    def is_full(self) -> bool:
        """Nothing is accepted until experts have answered some."""
        return self.waiting >= WAITING


@dataclass(frozen=True)
class AcceptanceFacts:
    """`certificate`: of what is live, in force; `last`: the last look at what is live, whatever came of it.

    `wanted`: held-out answers that the next look takes, 0 where there will be none. `accepted` are in force by open
    certificates, `undone` are not any more, and `reopening` are still to go back to review: each counted to 1,000, and
    1,001 means more. `broken`: withdrawn by their audit, nobody has decided since.
    """

    policy: AcceptPolicy
    live: ModelVersion | None
    calibration: Calibration | None
    certificate: Certificate | None
    last: Certificate | None
    wanted: int
    audit: Audit
    accepted: int
    undone: int
    reopening: int
    broken: list[Certificate]

    @property
    def cases(self) -> int:
        """Held-out answers there are."""
        return self.calibration.cases if self.calibration else 0

    @property
    def can_be_undone(self) -> bool:
        """Something was accepted by certificates that nobody has decided about."""
        return bool(self.accepted or self.broken or self.certificate)

    @property
    def sentence(self) -> str:
        """What happens now, and why."""
        if not self.policy.enabled:
            return "Off: experts decide every proposal."
        if self.live is None:
            return "Nothing is live, so nothing is accepted."
        if self.certificate is not None:
            full = f" {WAITING} audits wait for experts: until some are answered nothing is accepted."
            return f"{certified(self.certificate)}{full if self.audit.is_full else ''}"
        if not self.wanted:
            return f"The certificate of {self.live} was taken back. Another version may earn a new one."
        before = certified(self.last) if self.last else ""
        if self.cases >= self.wanted and self.calibration and not is_of_today(self.calibration, self.policy.project):
            return (
                f"The task has changed since {self.live} answered the test cases. Review one more test text: then "
                f"{self.live} is asked about all of them by itself, under today's task."
            )
        if self.cases >= self.wanted:
            return f"{before} {self.cases} held-out answers are there: the next round looks.".strip()
        return (
            f"{before} Too few cases: {self.wanted} needed, {self.cases} there. Review test texts: once they are a "
            f"fifth more, {self.live} is asked about them by itself."
        ).strip()


def acceptance_facts(project: Project) -> AcceptanceFacts:
    """Of a project, whether it accepts anything or not."""
    policy, live = accept_policy(project), live_version(project)
    calibration = newest_calibration(live) if live else None
    certificate = in_force(policy, live)
    last = Certificate.objects.filter(version=live).select_related("version__project").first() if live else None
    rows = open_certificates(project)
    counts, broken = _counts(rows), [row for row in rows if row.ending == Certificate.Ending.AUDIT]
    audited_one = certificate or (broken[0] if broken else None)
    return AcceptanceFacts(
        policy=policy,
        live=live,
        calibration=calibration,
        certificate=certificate,
        last=last,
        wanted=_wanted(policy, live),
        audit=audit_of(audited_one) if audited_one else Audit(),
        accepted=counts["accepted"],
        undone=counts["undone"],
        reopening=capped_count(left(project)),
        broken=broken,
    )


def certified(row: Certificate) -> str:
    """What a look found, in a sentence."""
    if row.bound is None:
        return (
            f"Too many of the {row.cases} held-out answers have the same confidence: no part of the surest holds the "
            f"{row.needed} that it takes."
        )
    cases = f"{row.accepted_wrong} of the {row.accepted} surest of {row.cases} held-out answers are wrong"
    bound, promised = 100 * (row.bound or 0.0), 100 * row.wrong
    if row.threshold is not None:
        return f"{cases}: at most {bound:.1f} % of such answers are, and {100 * row.share:.0f} % of all texts get one."
    return f"{cases}, so up to {bound:.1f} % may be: more than the {promised:.4g} % that are promised."


def audit_of(certificate: Certificate) -> Audit:
    """How the audit of a certificate goes."""
    rows = Acceptance.objects.filter(certificate=certificate, is_audit=True)
    pending = Q(answered_at=None, sample__state=SampleState.PENDING)
    counts = rows.aggregate(
        waiting=Count("pk", filter=pending),
        left_out=Count("pk", filter=Q(right=None) & ~Q(answered_at=None)),
    )
    told = audited(certificate)
    right = sum(told)
    return Audit(
        **counts,
        right=right,
        wrong=len(told) - right,
        stake=stake(told, certificate.wrong),
        limit=1 / (1 - certificate.confidence),
    )


def _counts(rows: list[Certificate]) -> dict[str, int]:
    accepted = Acceptance.objects.filter(certificate__in=rows, is_audit=False)
    return {
        "accepted": capped_count(accepted.filter(golden__retired_at=None)),
        "undone": capped_count(accepted.filter(golden__retired_at__isnull=False)),
    }


def _wanted(policy: AcceptPolicy, live: ModelVersion | None) -> int:
    if live is not None and is_over(live):
        return 0
    looks, last = looks_at(live, policy) if live else (0, 0)
    return certifying.wanted(policy.promise, looks, last)
