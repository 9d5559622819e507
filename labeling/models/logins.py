"""How often log-ins failed, by account, browser and address; and the link that makes the first administrator."""

from django.db import models

from labeling.models.base import PublicModel


class LoginCounter(PublicModel):
    """One counter. Its key is a digest, as what is typed into the field of a name is sometimes a password."""

    kind = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    level = models.FloatField(default=0)
    changed_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "login counter"
        indexes = [models.Index(fields=["changed_at"], name="login_counters_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}: {self.level:.1f}"


class FirstLink(PublicModel):
    """The link that makes the first administrator; there is one at most. Of its token only the SHA-256 is kept."""

    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "first link"

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d %H:%M}"
