"""What somebody was told in the page, as far as they may see it now."""

from django.db.models import QuerySet

from labeling.access import projects_for
from labeling.models import Notification, User


def notifications_of(user: User) -> QuerySet[Notification]:
    """Newest first; those of projects that they may see no more are not there."""
    rows = Notification.objects.filter(user=user, in_page=True, news__project__in=projects_for(user))
    return rows.select_related("news__project", "news__event").order_by("-id")
