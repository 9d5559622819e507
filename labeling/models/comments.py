"""What people say to each other about a sample, and who is asked to look."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.models.base import PublicModel
from labeling.models.samples import Sample
from labeling.models.work import Review


class Comment(PublicModel):
    """A word about a sample; of a review where it was said with the decision. Never edited."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    review = models.OneToOneField(Review, null=True, on_delete=models.CASCADE, related_name="said")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["sample", "-id"], name="newest_comments")]

    def __str__(self) -> str:
        return f"comment on {self.sample_id}"


class Mention(PublicModel):
    """Somebody is asked to look; open until they say that they have."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="mentioned_once")]
        indexes = [models.Index(fields=["user", "-id"], condition=Q(seen_at=None), name="open_mentions")]

    def __str__(self) -> str:
        return f"{self.user} in {self.comment}"
