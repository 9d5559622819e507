"""Predictions, reviews, golden samples, feedback, withdrawals, must-pass marks: read-only, linked to the sample."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from common.admin import admin_link
from labeling.admin.base import EvidenceAdmin, WithheldAdmin
from labeling.models import Feedback, GoldenSample, MustPass, Prediction, Review, Withdrawal


class OfSampleAdmin(EvidenceAdmin):
    """A row that belongs to a sample."""

    readonly_fields: tuple[str, ...] = ("of_sample", "uid", "created_at")

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        return lookup in {"sample__id__exact", "prediction__sample__id__exact"} or super().lookup_allowed(
            lookup, value, request
        )

    @admin.display(description="Sample")
    def of_sample(self, row: Any) -> SafeString | str:
        return admin_link(row.sample)


@admin.register(Prediction)
class PredictionAdmin(OfSampleAdmin, WithheldAdmin):
    list_display = ("model_tag", "project", "answer", "status", "confidence", "latency_ms", "source", "created_at")
    list_filter = ("project", "status", "source")
    list_select_related = ("project", "sample")
    search_fields = ("=model_tag", "=uid", "=sample__uid")
    exclude = ("sample",)


@admin.register(Review)
class ReviewAdmin(OfSampleAdmin):
    project_path = "sample__project"
    list_display = ("of_sample", "action", "answer", "reviewer", "seconds", "created_at")
    list_filter = ("sample__project", "action", "reviewer")
    list_select_related = ("sample", "reviewer")
    search_fields = ("=reviewer__username", "comment", "=sample__uid")
    exclude = ("sample",)


@admin.register(GoldenSample)
class GoldenSampleAdmin(OfSampleAdmin):
    list_display = ("of_sample", "project", "answer", "source", "given", "split", "retired_at", "created_at")
    list_filter = ("project", "source", "given", "sample__split", ("retired_at", admin.EmptyFieldListFilter))
    readonly_fields = (*OfSampleAdmin.readonly_fields, "given")
    list_select_related = ("sample", "project")
    search_fields = ("=sample__uid", "=sample__external_id")
    exclude = ("sample",)

    @admin.display(description="Split")
    def split(self, golden: GoldenSample) -> str:
        return golden.sample.split


@admin.register(Feedback)
class FeedbackAdmin(OfSampleAdmin, WithheldAdmin):
    prediction_path = "prediction__"
    list_display = ("of_sample", "project", "thumb", "comment", "answer", "effect", "user", "token", "created_at")
    list_filter = ("project", "thumb", "effect")
    list_select_related = ("project", "prediction__sample", "user", "token")
    search_fields = ("comment", "=prediction__uid")

    @admin.display(description="Sample")
    def of_sample(self, row: Feedback) -> SafeString | str:
        return admin_link(row.prediction.sample)


@admin.register(Withdrawal)
class WithdrawalAdmin(OfSampleAdmin):
    """Who took which sample out of use, or brought it back, when and why."""

    project_path = "sample__project"
    list_display = ("of_sample", "done", "reason", "user", "created_at")
    list_filter = ("sample__project", "was")
    list_select_related = ("sample", "user")
    search_fields = ("reason", "=sample__uid")
    exclude = ("sample", "restores")
    readonly_fields = (*OfSampleAdmin.readonly_fields, "done")

    @admin.display(description="Done")
    def done(self, row: Withdrawal) -> str:
        return "brought back" if row.restores_id else "withdrawn"


@admin.register(MustPass)
class MustPassAdmin(OfSampleAdmin):
    """Who marked which test text as must-pass, or took the mark back, when and why."""

    project_path = "sample__project"
    list_display = ("of_sample", "done", "reason", "user", "created_at")
    list_filter = ("sample__project",)
    list_select_related = ("sample", "user")
    search_fields = ("reason", "=sample__uid")
    exclude = ("sample", "lifts")
    readonly_fields = (*OfSampleAdmin.readonly_fields, "done")

    @admin.display(description="Done")
    def done(self, row: MustPass) -> str:
        return "may fail" if row.lifts_id else "must pass"
