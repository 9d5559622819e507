"""What happened, who did it, and to what: written beside the change itself, and never edited."""

import uuid

import pgtrigger
from django.db import models
from django.utils import timezone

from common.actor import ActorKind


class Event(models.Model):
    """One mutating verb. Plain values and no foreign keys: it outlives its project, its subject and its actor.

    `before` and `after` hold ids, numbers, states and digests, never texts, so that erasing a text leaves events whole.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    actor_kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in ActorKind])
    actor_name = models.CharField("actor", max_length=150)
    user_id = models.BigIntegerField(null=True, help_text="The person, or the owner of the token.")
    token_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=40)
    project_id = models.BigIntegerField(null=True)
    project_key = models.CharField("project", max_length=80, blank=True)
    subject_type = models.CharField("subject", max_length=40)
    subject_uid = models.UUIDField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project_id", "-id"], name="project_events"),
            models.Index(fields=["subject_uid", "-id"], name="subject_events"),
            models.Index(fields=["actor_name", "-id"], name="actor_events"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.verb}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What was before and what is after, as (name, value) for people; what is empty is left out."""
        told = [(f"{name} was", value) for name, value in self.before.items()] + list(self.after.items())
        return [(name.replace("_", " "), _shown(value)) for name, value in told if value not in ("", None, [], {})]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
