"""People and machines: users, their roles in projects, API tokens."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from common.actor import system
from labeling.models.base import PublicModel


class People(UserManager["User"]):
    """What Django's own command makes, it makes here: that is an event like any other."""

    use_in_migrations = False

    def create_superuser(self, *args: Any, **kwargs: Any) -> "User":
        from labeling.services import events

        with transaction.atomic():
            user = super().create_superuser(*args, **kwargs)
            events.record(system("command createsuperuser"), "user.created", user, after={"administrator": True})
        return user


class User(AbstractUser, PublicModel):
    """Our own user model: it cannot be exchanged later."""

    reset_asked_at = models.DateTimeField(
        null=True, editable=False, help_text="A link for a new password is to be mailed."
    )

    review_keys = models.JSONField(
        default=dict, editable=False, help_text="The keys of the review page that are one's own, by command."
    )
    advances = models.BooleanField(
        default=False, editable=False, help_text="Choosing the one label of a text saves it at once."
    )
    unread_news = models.PositiveIntegerField(
        default=0, editable=False, help_text="Told in the page and not yet read; with the person, every page has it."
    )

    objects = People()  # type: ignore[misc]  # the base declares it for the class


class Role(models.TextChoices):
    EXPERT = "expert", "Expert (reviews)"
    OPERATOR = "operator", "Operator (runs, promotion)"
    MANAGER = "manager", "Manager (everything in the project)"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self) -> "MembershipQuerySet":
        """Roles whose last day is not over."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=timezone.localdate()))


class Membership(PublicModel):
    """A person's role in a project. Administrators (superusers) need none."""

    is_setup = True  # goes with a project that is deleted
    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    ends_on = models.DateField("last day", null=True, blank=True, help_text="Empty: the role has no end.")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_per_project")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"

    @property
    def has_ended(self) -> bool:
        """Its last day is over."""
        return self.ends_on is not None and self.ends_on < timezone.localdate()


class Scope(models.TextChoices):
    READ = "read", "Read all that the project holds"
    PREDICT = "predict", "Ask for predictions"
    FEEDBACK = "feedback", "Give feedback on predictions"
    IMPORT = "import", "Add samples"
    REVIEW = "review", "Bring known answers and correct, where the owner may review"
    OPERATE = "operate", "Start runs, promote, roll back, reload"
    MANAGE = "manage", "Change the project: task, labels, members, policies; withdraw samples"
    SERVERS = "servers", "Look after model servers, where the owner may"


class ApiToken(PublicModel):
    """A key for another system: bound to projects and scopes; only its SHA-256 is kept."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    projects = models.ManyToManyField("labeling.Project", related_name="tokens")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
