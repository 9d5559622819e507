"""The Celery application. Queues: `urgent` (watchdogs, moves), `default` (short work), `bulk` (imports), `vectors`
(of texts, in the background), `heads` (fit, build; no torch), `build` (merge, convert, stage), `gpu` (training).
"""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from common.alive import show_life

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("touchstone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def _up(**kwargs: Any) -> None:
    """Before it waits for a broker that is away: that is no hang."""
    show_life()
