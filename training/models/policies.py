"""What is trained, and when: named options of the engine, and a project's policy."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from common.options import OptionsError, checked
from labeling.models import Project, PublicModel
from training.engine.config import EngineConfig
from training.methods import METHODS, SFT, method_choices
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


class RetrainPolicy(PublicModel):
    """When a project trains by itself, and what."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="retrain_policy")
    enabled = models.BooleanField(default=True)
    threshold = models.PositiveIntegerField(
        default=50, validators=[MinValueValidator(1)], help_text="New golden samples outside the test split."
    )
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
    method = models.CharField(
        max_length=20,
        choices=method_choices,
        default=SFT.name,
        help_text="What is made of the base: heads are for labels, and head wants a sentence encoder, or no base.",
    )
    # The newest golden sample that a triggered run has already counted; moved by conditional update only.
    counted_to = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "retrain policies"

    def __str__(self) -> str:
        return f"{self.project.key}: retrain at {self.threshold}"

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
