"""Samples, read-only, with links along their history; withdrawing them and bringing them back."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from common.admin import admin_link, list_link, one_line, site_link
from common.problems import ProblemError
from labeling import services
from labeling.access import Right
from labeling.admin.base import EvidenceAdmin, ask_first, reason_of
from labeling.admin.recorded import staff
from labeling.models import Feedback, GoldenSample, MustPass, Prediction, Review, Sample, Withdrawal


@admin.register(Sample)
class SampleAdmin(EvidenceAdmin):
    """A text never changes: what is said of it does, on the sample's own page."""

    list_display = ("__str__", "project", "split", "state", "way_in", "external_id", "created_at")
    list_filter = ("project", "split", "state", "way_in")
    actions = ("withdraw", "bring_back")
    list_select_related = ("project",)
    search_fields = ("text", "=external_id", "=uid")
    search_help_text = "Part of the text, or an exact external id or uid."
    fields = (
        "page", "history", "project", "text", "input", "external_id", "split", "state", "way_in", "stream",
        "rank", "of_batch", "lease_user", "lease_until", "uid", "created_at",
    )  # fmt: skip
    readonly_fields = fields

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Who manages a project; the service looks at the sample's own."""
        return self.may(request, Right.MANAGE)

    @admin.display(description="Page")
    def page(self, sample: Sample) -> SafeString:
        return site_link("labeling:sample", sample.project.key, sample.uid)

    @admin.display(description="History")
    def history(self, sample: Sample) -> SafeString:
        models = {"Predictions": Prediction, "Reviews": Review, "Golden answers": GoldenSample}
        links = [list_link(model, name, sample__id__exact=sample.pk) for name, model in models.items()]
        links.append(list_link(Feedback, "Feedback", prediction__sample__id__exact=sample.pk))
        links.append(list_link(Withdrawal, "Withdrawals", sample__id__exact=sample.pk))
        links.append(list_link(MustPass, "Must-pass marks", sample__id__exact=sample.pk))
        return one_line(links)

    @admin.display(description="Import")
    def of_batch(self, sample: Sample) -> SafeString | str:
        return admin_link(sample.batch)

    @admin.action(description="Withdraw from every use", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Sample]) -> HttpResponse | None:
        question = "Withdraw these samples? Nothing uses them from then on; nothing is deleted."
        return self._move(request, rows, services.withdraw_sample, action="withdraw", question=question, yes="Withdraw")

    @admin.action(description="Bring back", permissions=["withdraw"])
    def bring_back(self, request: HttpRequest, rows: QuerySet[Sample]) -> HttpResponse | None:
        question = "Bring these samples back, with the answers that they had?"
        return self._move(
            request, rows, services.restore_sample, action="bring_back", question=question, yes="Bring back"
        )

    def _move(
        self, request: HttpRequest, rows: QuerySet[Sample], verb: Any, *, action: str, question: str, yes: str
    ) -> HttpResponse | None:
        """All of them or, where one is refused, none."""
        page = ask_first(self, request, rows, action=action, question=question, yes=yes, reason=True)
        if page is not None:
            return page
        try:
            with transaction.atomic():
                moved = [verb(staff(request), sample, reason_of(request)) for sample in rows]
        except (ProblemError, PermissionDenied) as error:
            messages.error(request, f"Nothing was done: {error}")
        else:
            messages.success(request, f"{len(moved)} samples: done.")
        return None
