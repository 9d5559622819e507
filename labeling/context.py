"""What every page says of the person who looks at it."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from labeling.models import User
from labeling.notifications import unread_count


def unread(request: HttpRequest) -> dict[str, object]:
    """`unread_news`, asked only by templates that show it; 0 for who is not logged in."""
    user = getattr(request, "user", None)
    return {"unread_news": SimpleLazyObject(lambda: unread_count(user) if isinstance(user, User) else 0)}
