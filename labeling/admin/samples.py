"""Samples, read-only, with links along their history."""

from django.contrib import admin
from django.utils.safestring import SafeString

from labeling.admin.base import EvidenceAdmin, admin_link, list_link, one_line, site_link
from labeling.models import Feedback, GoldenSample, Prediction, Review, Sample


@admin.register(Sample)
class SampleAdmin(EvidenceAdmin):
    """A text never changes: what is said of it does, on the sample's own page."""

    list_display = ("__str__", "project", "split", "state", "external_id", "created_at")
    list_filter = ("project", "split", "state")
    list_select_related = ("project",)
    search_fields = ("text", "=external_id", "=uid")
    search_help_text = "Part of the text, or an exact external id or uid."
    fields = (
        "page", "history", "project", "text", "external_id", "split", "state", "rank", "of_batch", "lease_user",
        "lease_until", "uid", "created_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="Page")
    def page(self, sample: Sample) -> SafeString:
        return site_link("labeling:sample", sample.project.key, sample.uid)

    @admin.display(description="History")
    def history(self, sample: Sample) -> SafeString:
        models = {"Predictions": Prediction, "Reviews": Review, "Golden answers": GoldenSample}
        links = [list_link(model, name, sample__id__exact=sample.pk) for name, model in models.items()]
        links.append(list_link(Feedback, "Feedback", prediction__sample__id__exact=sample.pk))
        return one_line(links)

    @admin.display(description="Import")
    def of_batch(self, sample: Sample) -> SafeString | str:
        return admin_link(sample.batch)
