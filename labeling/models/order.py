"""In which order texts come to review: the shares of the streams, and the places that a ranking gave."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from labeling import streams
from labeling.models.base import PublicModel
from labeling.models.projects import Project
from labeling.models.samples import Sample

TEACH = "teach"
_DEFAULT = streams.Shares()


def _share(default: int, help_text: str) -> "models.PositiveSmallIntegerField[int, int]":
    return models.PositiveSmallIntegerField(default=default, validators=[MaxValueValidator(100)], help_text=help_text)


class ReviewOrder(PublicModel):
    """What a manager decided of the streams: percent of what is given out. A project without a row has the defaults."""

    is_setup = True  # goes with a project that is deleted
    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="review_order")
    teach = _share(_DEFAULT.teach, "Percent of training texts by the order below.")
    random = _share(_DEFAULT.random, "Percent of texts outside the test split that chance draws.")
    blind = _share(_DEFAULT.blind, "Percent of test texts, until the gate has enough of them.")
    order = models.CharField(max_length=20, default=TEACH, help_text="Of the training texts.")
    seed = models.PositiveIntegerField(default=1, help_text="Of the order by chance.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(teach=100 - F("random") - F("blind")),
                name="streams_add_up_to_100",
                violation_error_message="The shares of the three streams must add up to 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"order of {self.project.key}"


class Turn(models.Model):
    """How many texts the streams gave a reviewer, and the order that they chose; empty: the project's."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="turns")
    given = models.PositiveIntegerField(default=0)
    order = models.CharField(max_length=20, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_turn_per_reviewer")]

    def __str__(self) -> str:
        return f"{self.given} given to {self.user_id}"


class Ranking(models.Model):
    """How far the places of a project's texts are. Written by the one worker that ranks, newest only."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="ranking")
    basis = models.CharField(max_length=200, blank=True, help_text="What it was computed from: the head, the vectors.")
    orders = models.JSONField(default=list, help_text="The names of the orders that have places.")
    by_head = models.BooleanField(default=False, help_text="By the chances of a head; else by the vectors alone.")
    looked_at = models.PositiveIntegerField(default=0, help_text="Training texts that were compared.")
    waiting = models.PositiveIntegerField(default=0, help_text="That waited then, counted to a bound.")
    golden = models.PositiveIntegerField(default=0, help_text="Golden samples that the head had learnt from.")
    doubted = models.PositiveIntegerField(default=0, help_text="The same, when doubtful answers were listed last.")
    doubted_at = models.DateTimeField(null=True)
    last_sample = models.BigIntegerField(default=0, help_text="The newest sample then.")
    seconds = models.FloatField(default=0.0)
    note = models.TextField(blank=True, help_text="Why texts come by chance, and what to do.")
    ranked_at = models.DateTimeField(null=True)
    wants_blind = models.BooleanField(default=True, help_text="The gate has too few test texts with an answer yet.")

    def __str__(self) -> str:
        return f"ranking of {self.project.key}"


class Place(models.Model):
    """The place of a sample in one order of its project: the lowest comes first."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="places")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="places")
    order = models.CharField(max_length=20)
    place = models.PositiveIntegerField()
    score = models.FloatField(null=True, help_text="By which it has its place, where one number says it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "order", "place"], name="one_sample_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.place}: {self.sample_id}"
