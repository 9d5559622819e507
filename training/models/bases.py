"""Base models that adapters are trained on, and what a worker saw of them."""

from typing import Self

from django.db import models
from django.db.models import Q

from common import leases
from common.key_names import HELP, validate_key_name
from labeling.models import PublicModel


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def trainable(self) -> Self:
        """Those whose 16-bit weights can be had."""
        return self.filter(server_name="")

    def to_look_at(self) -> Self:
        """Those that wait for a worker, or whose worker fell silent."""
        state = BaseModel.State
        return self.filter(Q(state=state.WAITING) | (Q(state=state.LOOKING) & leases.expired()))


class BaseModel(PublicModel):
    """A causal language model that adapters are trained on: a hub name or a folder, pinned by revision.

    A worker looks at it once it is registered. What was seen decides nothing but whether it may be chosen.
    """

    class State(models.TextChoices):
        UNSEEN = "unseen", "not looked at"
        WAITING = "waiting", "waits for a worker that looks at it"
        LOOKING = "looking", "a worker looks at it"
        WELL = "well", "well"
        REFUSED = "refused", "cannot be used"
        FAILED = "failed", "could not be looked at"

    name = models.CharField(max_length=200, unique=True)
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
    def is_in_motion(self) -> bool:
        """A worker looks at it, or will."""
        return self.state in {self.State.WAITING, self.State.LOOKING}

    @property
    def obstacle(self) -> str:
        """Why it cannot be chosen, in a sentence; empty where it can. One that nobody looked at can."""
        if self.state != self.State.REFUSED:
            return ""
        return f"{self} cannot be used. {' '.join(self.problems)}"
