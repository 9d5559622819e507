"""Base models that adapters are trained on, and what a worker saw of them."""

from typing import Self

from django.db import models
from django.db.models import Q

from common import leases
from common.key_names import HELP, validate_key_name
from labeling.models import PublicModel


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def trainable(self) -> Self:
        """Those that versions can be made of: language models whose 16-bit weights can be had, sentence encoders."""
        return self.filter(server_name="")

    def language_models(self) -> Self:
        """Of those the ones that answer by themselves."""
        return self.trainable().filter(role=BaseModel.Role.LANGUAGE)

    def encoders(self) -> Self:
        """Of those the ones that heads are fitted on."""
        return self.trainable().filter(role=BaseModel.Role.ENCODER)

    def to_look_at(self) -> Self:
        """Those that wait for a worker, or whose worker fell silent."""
        state = BaseModel.State
        return self.filter(Q(state=state.WAITING) | (Q(state=state.LOOKING) & leases.expired()))


class BaseModel(PublicModel):
    """What versions are made of: a causal language model (a hub name or a folder), or a sentence encoder (a folder).

    Pinned by revision. A worker looks at it once it is registered. What was seen decides nothing but whether it may be
    chosen.
    """

    class Role(models.TextChoices):
        LANGUAGE = "language", "language model"
        ENCODER = "encoder", "sentence encoder"

    class State(models.TextChoices):
        UNSEEN = "unseen", "not looked at"
        WAITING = "waiting", "waits for a worker that looks at it"
        LOOKING = "looking", "a worker looks at it"
        WELL = "well", "well"
        REFUSED = "refused", "cannot be used"
        FAILED = "failed", "could not be looked at"

    name = models.CharField(max_length=200, unique=True)
    role = models.CharField(
        "what it is",
        max_length=10,
        choices=Role.choices,
        default=Role.LANGUAGE,
        help_text="A sentence encoder is a folder that `make encoder` made.",
    )
    location = models.CharField(max_length=500, help_text="Hugging Face name, or a folder with the 16-bit weights.")
    revision = models.CharField(max_length=100, blank=True, help_text="Commit of the hub, or the folder's own digest.")
    token_env = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_key_name],
        help_text=f"Environment variable of the worker that holds the hub's token; empty: HF_TOKEN. {HELP}",
    )
    server_name = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Its name in the catalogues of model servers: such a base is served as it is, never trained on.",
    )
    served_bytes = models.BigIntegerField(null=True, editable=False, help_text="Of such a base: its size.")
    served_form = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
        help_text="Of such a base: its quantization.",
    )
    notes = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNSEEN, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)
    facts = models.JSONField(default=dict, editable=False, help_text="What was seen: architecture, weights, template.")
    problems = models.JSONField(default=list, editable=False, help_text="Sentences on what makes it unusable.")
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_encoder(self) -> bool:
        """A sentence encoder, which answers nothing by itself."""
        return self.role == self.Role.ENCODER

    @property
    def is_in_motion(self) -> bool:
        """A worker looks at it, or will."""
        return self.state in {self.State.WAITING, self.State.LOOKING}

    @property
    def obstacle(self) -> str:
        """Why it cannot be chosen, in a sentence; empty where it can. One that nobody looked at can."""
        if self.state != self.State.REFUSED:
            return ""
        return f"{self} cannot be used. {' '.join(self.problems)}"
