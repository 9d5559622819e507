"""Projects, their labels, and the frozen task specs that everything else points to."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from common.options import OptionsError
from labeling import keys
from labeling.decoding import checked_decoding
from labeling.kinds import DEFAULT_DECODING, Kind, LabelDef, Spec, kind_choices, kind_of
from labeling.models.base import PublicModel
from labeling.models.ordered import OrderedJSONField


def default_decoding() -> dict[str, Any]:
    return dict(DEFAULT_DECODING)


def today() -> date:
    return timezone.now().date()


def validate_key(key: str) -> None:
    if not keys.is_key(key):
        raise ValidationError(keys.RULE)


def validate_decoding(decoding: Any) -> None:
    try:
        checked_decoding(decoding)
    except OptionsError as error:
        raise ValidationError(str(error)) from error


class Project(PublicModel):
    """One question asked of many texts. The form below is a draft: saving it freezes a new `TaskSpec`."""

    key = models.CharField(
        max_length=keys.LONGEST,
        db_index=True,
        validators=[validate_key],
        help_text="Never changes: it names models and URLs.",
    )
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=kind_choices)
    instruction = models.TextField(help_text="What the model is told to do.")
    prompt_template = models.TextField(default="{text}", help_text="The user message; {text} is the sample's text.")
    max_labels = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1)], help_text="At most so many labels in one answer."
    )
    schema = OrderedJSONField(
        null=True, blank=True, help_text="The JSON schema of an answer, for kinds whose schema is your own."
    )
    decoding = models.JSONField(
        default=default_decoding,
        validators=[validate_decoding],
        help_text="Options of every request, such as temperature, num_predict, num_ctx and stop.",
    )
    thinking = models.BooleanField(
        default=False,
        help_text="The model thinks aloud before each answer, where the base model's chat template knows how. Raise "
        "num_predict with it: thoughts are long.",
    )
    lists_labels = models.BooleanField(
        "list the labels in the prompt",
        default=True,
        help_text="An untrained model needs the list; a trained one has learnt the labels. Each prompt pays for it.",
    )
    train_share = models.PositiveSmallIntegerField(default=80, validators=[MaxValueValidator(100)])
    validation_share = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(100)])
    test_share = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(100)])
    keep_api_texts = models.BooleanField(
        default=True, help_text="Texts asked through the API become samples to review."
    )
    preselect_from = models.PositiveSmallIntegerField(
        "proposals are filled in from",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="In percent: a less sure proposal is shown on the review page, and not filled in. What counts is the "
        "share of such answers that are right, where it is measured, else the model's confidence. Empty: all are.",
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(train_share=100 - F("validation_share") - F("test_share")),
                name="shares_add_up_to_100",
                violation_error_message="The shares of train, validation and test must add up to 100.",
            ),
            models.CheckConstraint(
                condition=Q(key__regex=f"^{keys.PATTERN}$"),
                name="keys_can_name_models",
                violation_error_message=keys.RULE,
            ),
            models.UniqueConstraint(
                Lower("key"), name="keys_differ_by_more_than_case", violation_error_message=keys.TAKEN
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shares(self) -> tuple[int, int, int]:
        """Train, validation and test share in percent."""
        return self.train_share, self.validation_share, self.test_share

    @property
    def answer_kind(self) -> Kind:
        """The kind of answer that is asked for."""
        return kind_of(self)

    @property
    def input_form(self) -> str:
        """The form of what is asked about, by which templates show it."""
        return kind_of(self).input.name

    @property
    def spec(self) -> "TaskSpec":
        """The newest frozen spec; a project without one raises `TaskSpec.DoesNotExist`."""
        return self.specs.latest("number")


class Colour(models.TextChoices):
    """What pages mark a label with, beside its name; the stylesheet has each for light and dark."""

    NONE = "", "None"
    RED = "red", "Red"
    ORANGE = "orange", "Orange"
    YELLOW = "yellow", "Yellow"
    GREEN = "green", "Green"
    TEAL = "teal", "Teal"
    BLUE = "blue", "Blue"
    PURPLE = "purple", "Purple"
    PINK = "pink", "Pink"


class Label(PublicModel):
    """One possible label of a project. Its `uid` is the label's identity: the name may change, what it means stays."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    colour = models.CharField(max_length=8, blank=True, choices=Colour.choices, help_text="No part of the task.")
    merged = models.JSONField(default=list, blank=True, editable=False, help_text="Uids of labels merged into it.")

    class Meta:
        ordering = ["position", "id"]
        # Deferred, so that two labels can change names in one transaction.
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="label_names_are_unique", deferrable=models.Deferrable.DEFERRED
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaskSpec(PublicModel):
    """What exactly is asked: frozen and numbered. Editing a project makes a new one."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="specs")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=kind_choices)
    instruction = models.TextField()
    labels = models.JSONField(default=list, help_text='[{"id", "name", "description", "merged"}, ...]')
    max_labels = models.PositiveSmallIntegerField(default=5)
    prompt_template = models.TextField(default="{text}")
    schema = OrderedJSONField(null=True, help_text="The project's own JSON schema of an answer.")
    decoding = models.JSONField(default=dict)
    thinking = models.BooleanField(default=False)
    lists_labels = models.BooleanField(default=True, help_text="Whether the prompt lists the labels.")
    date = models.DateField(
        default=today,
        help_text="What chat templates that write a date are given: the day of the first spec, for ever.",
    )

    class Meta:
        ordering = ["project", "-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="specs_are_numbered")]

    def __str__(self) -> str:
        return f"{self.project.key} spec {self.number}"

    def to_spec(self) -> Spec:
        """The same as the plain value that `answers` and `prompts` work on."""
        return Spec(
            kind=self.kind,
            instruction=self.instruction,
            labels=tuple(
                LabelDef(row["name"], row.get("description", ""), row.get("id", ""), tuple(row.get("merged", ())))
                for row in self.labels
            ),
            # The form's default may exceed a short list of labels.
            max_labels=min(self.max_labels, len(self.labels)),
            prompt_template=self.prompt_template,
            decoding=dict(self.decoding),
            schema=self.schema,
            thinking=self.thinking,
            lists_labels=self.lists_labels,
        )
