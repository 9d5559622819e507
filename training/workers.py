"""Which queues have a living worker: each worker writes its sign of life into the database."""

from datetime import timedelta
from typing import Any

from celery.signals import heartbeat_sent, worker_ready, worker_shutdown
from django.db import close_old_connections, connection
from django.utils import timezone

ALIVE_FOR = timedelta(seconds=45)
_BEAT_EVERY = timedelta(seconds=10)
_last: dict[str, Any] = {}


def queue_is_alive(queue: str) -> bool:
    """True while some worker on `queue` gave a sign of life lately."""
    from training.models import WorkerHeartbeat

    return WorkerHeartbeat.objects.filter(queue=queue, seen_at__gte=timezone.now() - ALIVE_FOR).exists()


def record_heartbeat(worker: str, queues: list[str]) -> None:
    """Note that `worker` lives and serves `queues`."""
    from training.models import WorkerHeartbeat

    now = timezone.now()
    for queue in queues:
        WorkerHeartbeat.objects.update_or_create(worker=worker, queue=queue, defaults={"seen_at": now})


def forget(worker: str) -> None:
    """A worker that ends in order is gone at once."""
    from training.models import WorkerHeartbeat

    WorkerHeartbeat.objects.filter(worker=worker).delete()


def _identity(sender: Any) -> tuple[str, list[str]]:
    """Name and queues of the worker that a signal came from: its consumer, its controller or its heart."""
    source = getattr(sender, "eventer", sender)
    return str(source.hostname), list(source.app.amqp.queues.consume_from)


@worker_ready.connect
@heartbeat_sent.connect
def _on_heartbeat(sender: Any, **kwargs: Any) -> None:
    now = timezone.now()
    if "at" in _last and now - _last["at"] < _BEAT_EVERY:
        return
    _last["at"] = now
    close_old_connections()
    try:
        record_heartbeat(*_identity(sender))
    finally:
        # The worker's parent forks children: it must not leave them an open connection.
        connection.close()


@worker_shutdown.connect
def _on_shutdown(sender: Any, **kwargs: Any) -> None:
    try:
        forget(_identity(sender)[0])
    finally:
        connection.close()
