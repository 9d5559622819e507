"""Messages to workers: after the commit, and never an error once the rows are kept."""

import pytest
from celery import current_app
from django.db import transaction

from common.pause import Pause
from common.queue import enqueue, watch_unsent


@pytest.fixture
def given(monkeypatch):
    """What Celery was given; a task named `broken` finds no broker."""
    found = []

    def send(task, arguments, producer, retry):
        if task == "broken":
            raise ConnectionRefusedError("no broker")
        found.append((task, *arguments))

    monkeypatch.setattr(current_app, "send_task", send)
    monkeypatch.setattr("common.queue._away", Pause(60.0))
    return found


@pytest.mark.django_db(transaction=True)
def test_a_message_leaves_after_the_commit_and_not_without_one(given):
    with transaction.atomic():
        enqueue("one", 1)
        assert given == []
    assert given == [("one", 1)]
    with transaction.atomic():
        enqueue("two", 2)
        transaction.set_rollback(True)
    assert given == [("one", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_breaks_nothing_and_is_told(given, caplog):
    waiting = watch_unsent()
    with transaction.atomic():
        enqueue("broken", 7)
        enqueue("one", 1)
    # One after a broker that is away is not tried: a request may send many, and each would wait.
    assert given == []
    assert waiting == ["broken", "one"]
    assert "the next sweep will find it" in caplog.text
