"""Whether the gate still wants answers to test texts, for the order of review."""

from evaluation.models import GatePolicy, GateReport
from labeling.models import GoldenSample, Project
from labeling.querysets import capped_count

# Below so many no share of right answers is shown, and only large gains are.
ENOUGH = 125
# However close two versions are, more are not asked for by themselves.
MOST = 2_000


def wants_blind(project: Project) -> bool:
    """Fewer cases than the policy and a measured confidence take, or than the newest verdict asks for."""
    cases = capped_count(GoldenSample.objects.judging().filter(project=project), MOST)
    least = GatePolicy.objects.filter(project=project).values_list("min_cases", flat=True).first() or 0
    if cases < max(least, ENOUGH):
        return True
    newest = GateReport.objects.filter(project=project).order_by("-pk").values_list("told", flat=True).first() or {}
    more = (newest.get("advice") or {}).get("more")
    return bool(more) and cases < MOST
