"""What models propose and experts decide. Append-only: a correction is a new row."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.models.accounts import ApiToken
from labeling.models.base import Described, PublicModel
from labeling.models.projects import Project, TaskSpec
from labeling.models.samples import Sample
from labeling.querysets import GoldenQuerySet
from labeling.ways import Given


class ParseStatus(models.TextChoices):
    STRICT = "strict"
    REPAIRED = "repaired"
    FAILED = "failed"


class Prediction(Described, PublicModel):
    """One answer of one model. `model_tag` is a plain tag such as `support-tags:v7`: any model's answer fits."""

    class Source(models.TextChoices):
        QUEUE = "queue", "Proposal for review"
        ANALYZE = "analyze", "Analyze page"
        API = "api", "API"
        OUTSIDE = "outside", "Recorded from outside"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="predictions")
    sample = models.ForeignKey(Sample, null=True, on_delete=models.CASCADE, related_name="predictions")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    model_tag = models.CharField(max_length=200, db_index=True)
    raw = models.TextField()
    answer = models.JSONField(null=True)
    status = models.CharField(max_length=10, choices=ParseStatus.choices)
    reason = models.TextField(blank=True, help_text="Why it failed, or what was repaired.")
    confidence = models.FloatField(
        null=True, help_text="Of the whole answer, 0 to 1, as the model has it: not yet a share that is right."
    )
    share = models.FloatField(
        null=True,
        help_text="Of answers with this confidence, the share that is right (0 to 1), as measured when it was given on "
        "answers that the version had not learnt from; null while they were too few.",
    )
    label_chances = models.JSONField(
        null=True, help_text="Of the likeliest labels, each by itself: a head's probability, 0 to 1."
    )
    latency_ms = models.FloatField(null=True)
    source = models.CharField(max_length=10, choices=Source.choices)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["sample", "-id"], name="newest_prediction"),
            models.Index(fields=["project", "-id"], name="project_predictions"),
            models.Index(
                fields=["project", "external_id"], condition=~Q(external_id=""), name="predictions_by_external_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_tag}: {self.raw[:60]}"

    @property
    def is_withheld(self) -> bool:
        """Nobody who might answer its test text blind may see it. Of a text that was analyzed that is past."""
        return bool(self.sample and self.sample.is_blind) and self.source != self.Source.ANALYZE


class Review(PublicModel):
    """One decision of one expert. Never edited; `undo` points to what it takes back."""

    class Action(models.TextChoices):
        CONFIRM = "confirm"
        CORRECT = "correct"
        REJECT = "reject"
        SKIP = "skip"
        UNDO = "undo"

    class SkipReason(models.TextChoices):
        UNCLEAR = "unclear", "The text is unclear"
        GUIDELINE = "guideline", "The guideline does not cover it"
        COLLEAGUE = "colleague", "Somebody else knows better"
        TIME = "time", "It takes too long now"
        OTHER = "other", "Another reason"

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="reviews")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    prediction = models.ForeignKey(Prediction, null=True, on_delete=models.SET_NULL, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    action = models.CharField(max_length=10, choices=Action.choices)
    answer = models.JSONField(null=True)
    skip_reason = models.CharField(max_length=10, choices=SkipReason.choices, blank=True)
    comment = models.TextField(blank=True)
    seconds = models.FloatField(null=True, help_text="Time from showing the sample to the decision.")
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reviewer", "-id"], name="reviewers_last"),
            models.Index(fields=["reviewer", "created_at"], name="reviewers_day"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} {self.action} {self.sample_id}"

    @property
    def is_label(self) -> bool:
        """An answer where no model had proposed one: nothing was corrected."""
        return self.action == self.Action.CORRECT and (self.prediction is None or self.prediction.answer is None)

    @property
    def done(self) -> str:
        """What was done, as a word for people."""
        return "labelled" if self.is_label else _DONE[self.action]


_DONE: dict[str, str] = {
    Review.Action.CONFIRM: "confirmed",
    Review.Action.CORRECT: "corrected",
    Review.Action.REJECT: "rejected",
    Review.Action.SKIP: "skipped",
    Review.Action.UNDO: "undone",
}


class SecondLook(PublicModel):
    """Somebody saw what a model says of what they had answered blind: a further answer of theirs is not blind."""

    review = models.OneToOneField(Review, on_delete=models.CASCADE, related_name="second_look")
    prediction = models.ForeignKey(Prediction, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"second look at {self.review_id}"


class GoldenSample(PublicModel):
    """The approved answer of a sample. At most one is current; an older one is retired, not deleted."""

    class Source(models.TextChoices):
        REVIEW = "review"
        IMPORT = "import", "Imported known answer"
        FEEDBACK = "feedback", "Right answer given as feedback"
        CERTIFIED = "certified", "Proposal accepted without an expert"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="golden_samples")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="golden_samples")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    answer = models.JSONField()
    review = models.ForeignKey(Review, null=True, on_delete=models.PROTECT, related_name="golden_samples")
    source = models.CharField(max_length=10, choices=Source.choices)
    given = models.CharField(max_length=10, choices=Given.choices, editable=False)
    retired_at = models.DateTimeField(null=True)

    objects = GoldenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["sample"], condition=Q(retired_at=None), name="one_current_golden_answer"),
            models.CheckConstraint(condition=Q(given__in=Given.values), name="given_is_known"),
        ]
        indexes = [models.Index(fields=["project", "id"], condition=Q(retired_at=None), name="current_golden")]

    def __str__(self) -> str:
        return f"golden {self.sample_id}"


class Feedback(PublicModel):
    """What the outside says of a prediction: thumbs, a comment, or the right answer."""

    class Thumb(models.IntegerChoices):
        DOWN = -1
        UP = 1

    class Effect(models.TextChoices):
        """What followed from it."""

        APPROVED = "approved", "The answer became the golden answer."
        FIRST = "first", "The text comes to review first."
        KEPT = "kept", "Kept; nothing else follows from it."
        TEST = "test", "Kept only: this is a test text, which feedback neither answers nor moves."
        AUDIT = "audit", "Kept only: an expert answers this text blind, as an audit."
        WITHDRAWN = "withdrawn", "Kept only: this text is withdrawn."

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="feedback")
    prediction = models.ForeignKey(Prediction, on_delete=models.CASCADE, related_name="feedback")
    spec = models.ForeignKey(
        TaskSpec, null=True, on_delete=models.PROTECT, related_name="+", help_text="What the answer is one to."
    )
    thumb = models.SmallIntegerField(null=True, blank=True, choices=Thumb.choices)
    comment = models.TextField(blank=True)
    answer = models.JSONField(null=True, blank=True)
    effect = models.CharField(max_length=10, choices=Effect.choices, default=Effect.KEPT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"feedback on {self.prediction_id}"
