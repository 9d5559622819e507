"""When the gate alone may promote: the one place that says so."""

from django.db.models import Exists, F, OuterRef, Q

from deployment.models import Deployment, StagedVersion, Verdict
from evaluation.models import GateReport


def promotable() -> Q:
    """Staged versions that the verdict alone may make live, where their project promotes by itself.

    Passed at the level that its look spent of the error budget, or the baseline of a project where nothing is live;
    newer than what is live; not refused on another server; the candidate, where it is of a round; never live before,
    nor on its way: what was rolled back, the gate does not promote again. Attempts that failed do not count here.
    """
    serving = Deployment.objects.serving().filter(project=OuterRef("version__project"))
    newer_is_live = serving.filter(version__number__gte=OuterRef("version__number"))
    attempts = Deployment.objects.filter(version=OuterRef("version")).exclude(state=Deployment.State.FAILED)
    elsewhere = StagedVersion.objects.staged().filter(version=OuterRef("version"))
    # Of a round its candidate alone; what a person had judged beside it, a person promotes.
    alone = Q(version__run=None) | Q(version__run__round=None)
    chosen = alone | Q(version__run__round__candidate=F("version__run"))
    cleared = GateReport.objects.filter(clears=True)
    passed = Q(verdict=Verdict.PASSED) & Exists(cleared.filter(uid=OuterRef("gate_report")))
    against = elsewhere.filter(Q(verdict__in=[Verdict.REFUSED, Verdict.INSUFFICIENT]) | _uncleared())
    return (
        (passed | (Q(verdict=Verdict.BASELINE) & ~Exists(serving)))
        & chosen
        & Q(version__project__serving_policy__auto_promote=True)
        & Q(~Exists(against), ~Exists(newer_is_live), ~Exists(attempts))
    )


def _uncleared() -> Q:
    cleared = GateReport.objects.filter(clears=True, uid=OuterRef("gate_report"))
    return Q(~Exists(cleared), verdict=Verdict.PASSED)
