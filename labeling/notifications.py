"""What somebody was told in the page, as far as they may see it now."""

from django.db.models import QuerySet

from labeling.access import projects_for
from labeling.models import Notification, User

# Counting stops here; pages then say "more than".
MOST = 99


def notifications_of(user: User) -> QuerySet[Notification]:
    """Newest first; those of projects that they may see no more are not there."""
    rows = Notification.objects.filter(user=user, in_page=True, news__project__in=projects_for(user))
    return rows.select_related("news__project", "news__event").order_by("-id")


def unread_count(user: User) -> int:
    """How many are unread, counted to `MOST` + 1."""
    rows = Notification.objects.filter(user=user, in_page=True, read_at=None, news__project__in=projects_for(user))
    return rows.order_by()[: MOST + 1].count()
