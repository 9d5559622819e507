"""What people are told: the news of a project, who was told of it, who wants what, and the mails."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.models.base import PublicModel
from labeling.models.events import Event
from labeling.models.projects import Project


class News(PublicModel):
    """The outbox: written in the transaction of an event that is news, so that neither is there without the other.

    `told_at` is null until everybody who should know of it has a row of theirs.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="news")
    event = models.OneToOneField(Event, on_delete=models.DO_NOTHING, related_name="news", db_constraint=False)
    kind = models.CharField(max_length=20)
    sentence = models.CharField(max_length=300, blank=True, help_text="For people, without texts of samples.")
    path = models.CharField(max_length=300, blank=True, help_text="The page that says more.")
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "news"
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], condition=Q(told_at=None), name="news_to_tell")]

    def __str__(self) -> str:
        return self.sentence or self.kind


class Digest(PublicModel):
    """One mail to one person, with all the news that came within a few minutes."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    not_before = models.DateTimeField(help_text="It takes in more news until then; later, when it is tried again.")
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="waiting", attempts=0), name="one_mail_gathers")
        ]

    def __str__(self) -> str:
        return f"mail to {self.user_id} ({self.state})"


class Notification(PublicModel):
    """One person is told of one thing: in the page, by mail, or both."""

    news = models.ForeignKey(News, on_delete=models.CASCADE, related_name="notifications")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    in_page = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    digest = models.ForeignKey(Digest, null=True, on_delete=models.SET_NULL, related_name="notifications")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["news", "user"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "-id"], condition=Q(in_page=True), name="told_in_page"),
            models.Index(fields=["user"], condition=Q(in_page=True, read_at=None), name="unread"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is told of {self.news_id}"


class NewsChoice(PublicModel):
    """What a person wants to be told of in a project, where it is not what everybody is told."""

    is_setup = True  # goes with a project that is deleted
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="news_choices")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="news_choices")
    kind = models.CharField(max_length=20)
    in_page = models.BooleanField()
    by_mail = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project", "kind"], name="one_choice_a_kind")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.kind} in {self.project_id}"


class LastingNews(PublicModel):
    """A state that is news when it begins and when it is over, such as an empty queue: there while it lasts."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)

    class Meta:
        verbose_name_plural = "lasting news"
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="lasts_once")]

    def __str__(self) -> str:
        return f"{self.name} in {self.project_id}"
