"""Links by which managers let people into a project."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.accounts import Role
from labeling.models.base import PublicModel


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Those that somebody can still follow: the link is good, and so is the role that it gives."""
        role = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
        return self.filter(role, used_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(PublicModel):
    """A link that gives whoever follows it first a role. Of its token only the SHA-256 is kept."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role.choices)
    ends_on = models.DateField("last day", null=True, help_text="Of the role that it gives; empty: no end.")
    name = models.CharField(max_length=100, blank=True, help_text="For whom it is, as its maker calls them.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(revoked_at=None), name="invitations_are_used_or_taken_back"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.project_id}"
