"""What this floor tells as news."""

from django.urls import reverse

from labeling import news
from labeling.models import Event
from labeling.services.news.lasting import empty_queues


def register() -> None:
    """Called once, when the floor is ready."""
    news.register("queue_empty", "queue.emptied", _emptied)
    news.register("queue_empty", "queue.filled", _filled)
    news.register_lasting("queue", news.Lasting("queue.emptied", "queue.filled", empty_queues))


def _emptied(event: Event) -> news.Told:
    return news.Told("The review queue is empty.", reverse("labeling:samples", args=[event.project_key]))


def _filled(event: Event) -> news.Told:
    return news.Told("There are texts to review again.", reverse("labeling:review", args=[event.project_key]))
