"""Programs of others that are told, and the log of what they were sent."""

import base64
import hashlib
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from common import standard_webhooks
from labeling.models.base import PublicModel
from labeling.models.news import News
from labeling.models.projects import Project

LONGEST = 500


class Webhook(PublicModel):
    """An address that is sent the news of a project, signed.

    No secret is kept: each follows from SECRET_KEY, the row's id and a number, and `fingerprint` tells whether it still
    does.
    """

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField("address", max_length=LONGEST)
    kinds = models.JSONField(default=list, help_text="The kinds of news that it is sent.")
    is_active = models.BooleanField(default=True)
    why_off = models.CharField(max_length=200, blank=True)
    secret_number = models.PositiveIntegerField(default=1)
    fingerprint = models.CharField(max_length=16, blank=True)
    old_secret_until = models.DateTimeField(null=True, help_text="Until then the secret before signs, too.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url

    def secret(self, number: int | None = None) -> str:
        """The secret of that number, today's by itself."""
        said = f"{self.uid}:{number or self.secret_number}"
        return standard_webhooks.secret_of(salted_hmac("labeling.webhooks", said, algorithm="sha256").digest())

    def secrets(self, now: datetime | None = None) -> list[str]:
        """All secrets that sign now, the newest first."""
        numbers = [self.secret_number]
        if self.old_secret_until and self.old_secret_until > (now or timezone.now()):
            numbers.append(self.secret_number - 1)
        return [self.secret(number) for number in numbers]

    def fingerprint_now(self) -> str:
        """What `fingerprint` is while SECRET_KEY is the one that today's secret was made with."""
        return base64.b32encode(hashlib.sha256(self.secret().encode()).digest()).decode()[:16]


class Delivery(PublicModel):
    """One message to one webhook; every try of it has the same id and the same body."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    news = models.ForeignKey(News, null=True, on_delete=models.SET_NULL, related_name="deliveries")
    kind = models.CharField(max_length=20)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    not_before = models.DateTimeField(default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.JSONField(default=list, help_text="Each try: when, status, milliseconds, what was said.")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["webhook", "news"], name="sent_once")]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state__in=["waiting", "sending"]), name="to_deliver"),
            models.Index(fields=["webhook", "-id"], name="log_of_webhook"),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What `webhook-id` says."""
        return f"msg_{self.uid.hex}"

    @property
    def last(self) -> dict[str, object]:
        """What came of its last try; empty before the first."""
        return self.tries[-1] if self.tries else {}
