"""What is trained, and when: named options of the engine, and a project's policy."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from common.options import OptionsError, checked
from labeling.models import Project, PublicModel
from training.engine.config import EngineConfig
from training.methods import HEAD, METHODS, SFT, method_choices
from training.models.bases import BaseModel


def validate_profile(config: Any) -> None:
    """Options that the engine does not know or take are refused by name; the base model is chosen elsewhere."""
    if isinstance(config, dict) and "base_model" in config:
        raise ValidationError("base_model: the retrain policy, or who starts a run, chooses the base model.")
    if isinstance(config, dict) and {"objective", "instruction"} & config.keys():
        raise ValidationError("The retrain policy, or who starts a run, chooses the method (objective, instruction).")
    if isinstance(config, dict) and "chat" in config:
        raise ValidationError("chat: the project's task says how the model is asked.")
    try:
        checked(EngineConfig, {**config, "base_model": {"name": "any"}} if isinstance(config, dict) else config)
    except OptionsError as error:
        raise ValidationError(str(error)) from error


class TrainingProfile(PublicModel):
    """Named engine options; `developer` and `production` come from YAML files in the repository."""

    name = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)
    config = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_profile],
        help_text="Options of the engine; unknown ones are refused.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


# What tells one way of a retraining from another.
_LISTED = ("method", "profile_id", "base_id")


class _Made(PublicModel):
    """A method, and what it is made of."""

    method: str
    project: Project
    project_id: int | None
    profile = models.ForeignKey(
        TrainingProfile,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Of language models; a head on a sentence encoder takes none.",
    )
    base = models.ForeignKey(
        BaseModel,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"server_name": ""},
        help_text="Left open, a head is made of the sentence encoder of this installation.",
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """A base that was found unusable is not one to train on by itself, and a method must fit the task."""
        if self.base and self.base.obstacle:
            raise ValidationError({"base": self.base.obstacle})
        method = METHODS.get(self.method)
        if method and not method.of_encoder and not (self.base and self.profile):
            missing = "profile" if self.base else "base"
            raise ValidationError({missing: f"{method.title} ({method.name}) needs one: choose it."})
        if self.project_id and method and (obstacle := method.obstacle(self.project)):
            raise ValidationError({"method": obstacle})
        if self.base and method and (misfit := method.misfit(self.base)):
            raise ValidationError({"base": misfit})


class RetrainPolicy(_Made):
    """When a project trains by itself, and what."""

    is_setup = True  # goes with a project that is deleted
    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="retrain_policy")
    enabled = models.BooleanField(default=True)
    threshold = models.PositiveIntegerField(
        default=50, validators=[MinValueValidator(1)], help_text="New golden samples outside the test split."
    )
    method = models.CharField(
        max_length=20,
        choices=method_choices,
        default=SFT.name,
        help_text="What is made of the base: heads are for labels, and head wants a sentence encoder, or no base.",
    )
    margin = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Of several methods the cheapest is taken, unless a dearer one is shown to be better by more than "
        "this (0 to 1; 0.01 is one point).",
    )
    draft_every = models.PositiveIntegerField(
        default=10,
        help_text="New golden samples after which the draft is fitted again, in seconds, or a fiftieth of those that "
        "it knows where that is more; 0: no draft.",
    )
    draft_proposes = models.BooleanField(
        default=False,
        help_text="Let the draft propose to experts. A fifth of the texts, drawn by chance, stays with what is live.",
    )
    draft_problem = models.TextField(
        blank=True, editable=False, help_text="Why the draft could not be fitted, or not propose, last."
    )
    draft_failed_at = models.DateTimeField(null=True, editable=False)
    # The newest golden sample that a triggered run has already counted; moved by conditional update only.
    counted_to = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "retrain policies"

    def __str__(self) -> str:
        return f"{self.project.key}: retrain at {self.threshold}"

    def clean(self) -> None:
        """Nor is it listed a second time, and a draft proposes only where there can be one."""
        if self.project_id and self.draft_proposes and (obstacle := HEAD.obstacle(self.project)):
            raise ValidationError({"draft_proposes": f"There can be no draft: {obstacle}"})
        super().clean()
        beside = {name: getattr(self, name) for name in _LISTED}
        if self.project_id and RetrainMethod.objects.filter(project_id=self.project_id, **beside).exists():
            raise ValidationError("The project lists this method beside the policy, with this base and profile.")


class RetrainMethod(_Made):
    """A further method of a project's retrainings: it is fitted beside that of the policy, from the same snapshot."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="retrain_methods")
    method = models.CharField(max_length=20, choices=method_choices, help_text="What is made of the base.")

    class Meta:
        ordering = ["project", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "method", "profile", "base"],
                name="one_retrain_method_each",
                nulls_distinct=False,
                violation_error_message="The project has this method already, with this base and profile.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project.key}: {self.method}"

    def clean(self) -> None:
        """Beside a policy, which has another method, base or profile."""
        super().clean()
        policy = RetrainPolicy.objects.filter(project_id=self.project_id).first() if self.project_id else None
        if self.project_id and policy is None:
            raise ValidationError("The project has no retrain policy yet: make that first.")
        if policy and [getattr(policy, name) for name in _LISTED] == [getattr(self, name) for name in _LISTED]:
            raise ValidationError("The retrain policy lists this method itself, with this base and profile.")
