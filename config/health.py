"""`/livez`: this process answers. `/readyz`: everything it needs answers, each part named."""

import logging
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)
_TIMEOUT = 2.0


def livez(request: HttpRequest) -> JsonResponse:
    """Always 200 while the process runs."""
    return JsonResponse({"status": "ok"})


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(pending)} to apply: run `manage.py migrate`" if pending else "ok"


def _broker() -> str:
    with current_app.connection_for_write(connect_timeout=_TIMEOUT) as broker:
        broker.ensure_connection(max_retries=1, timeout=int(_TIMEOUT))
    return "ok"


def _model_server() -> str:
    check: Callable[[float], str] = import_string(settings.MODEL_SERVER_CHECK)
    return check(_TIMEOUT)


CHECKS = {"database": _database, "migrations": _migrations, "broker": _broker, "model_server": _model_server}


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is `ok`, else 503; the body names each part and what is wrong with it."""
    parts = {}
    for name, check in CHECKS.items():
        try:
            parts[name] = check()
        except Exception as error:  # noqa: BLE001  a probe reports whatever a broken part raises
            logger.warning("readyz: %s: %s", name, error)
            parts[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}"
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "unready", "parts": parts}, status=200 if ready else 503)
