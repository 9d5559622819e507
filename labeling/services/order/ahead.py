"""What comes to review next, for whoever keeps proposals ahead of the experts."""

from labeling.models import Project, Sample, Turn
from labeling.services.order.drawing import plan_of


def upcoming(project: Project, ahead: int) -> list[Sample]:
    """The next training texts that wait for a proposal, `ahead` and a few more: of each stream about its share.

    Of test texts and audits there are none.
    """
    rows = Sample.objects.filter(project=project).to_propose()
    plan = plan_of(project)
    by_chance = list(rows[:ahead])
    if plan is None or not plan.shares.teach:
        return by_chance
    mine = Turn.objects.filter(project=project).exclude(order="").order_by().values_list("order", flat=True)
    count = max(1, round(ahead * plan.shares.teach / (plan.shares.teach + plan.shares.random or 1)))
    found = {sample.pk: sample for sample in by_chance if sample.rank < 0}
    for order in dict.fromkeys([plan.order, *mine.distinct()]):
        ranked = rows.filter(places__project=project, places__order=order).order_by("places__place")
        found |= {sample.pk: sample for sample in ranked[:count] if sample.pk not in found}
    missing = [sample for sample in by_chance if sample.pk not in found]
    return [*found.values(), *missing[: max(ahead - len(found), ahead - count)]]
