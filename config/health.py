"""`/livez`: this process answers. `/readyz`: everything it needs answers."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib import import_module

from celery import current_app
from django.conf import settings
from django.contrib import auth
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)
_TIMEOUT = 1.5


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(pending)} to apply: run `manage.py migrate`" if pending else "ok"


def _broker() -> str:
    patience = {"socket_timeout": _TIMEOUT, "socket_connect_timeout": _TIMEOUT, "max_retries": 0}
    with current_app.connection_for_write(transport_options=patience, connect_timeout=_TIMEOUT) as broker:
        broker.ensure_connection(max_retries=0, timeout=int(_TIMEOUT))
    return "ok"


def _cache() -> str:
    cache.get("readyz")
    return "ok"


def _model_server() -> str:
    check: Callable[[float], str] = import_string(settings.MODEL_SERVER_CHECK)
    return check(_TIMEOUT)


CHECKS = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "cache": _cache,
    "model_server": _model_server,
}
_askers = ThreadPoolExecutor(max_workers=len(CHECKS), thread_name_prefix="readyz")
# A question that nobody has answered yet is not asked once more: however many ask, one thread waits for each part.
_asked: dict[str, "Future[str]"] = {}


def _ask(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  a probe reports whatever a broken part raises
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}"
    finally:
        connection.close()  # the thread's own


def parts() -> dict[str, str]:
    """What each part says, `ok` or what is wrong with it, within two seconds."""
    for name, check in CHECKS.items():
        if name not in _asked or _asked[name].done():
            _asked[name] = _askers.submit(_ask, check)
    asked = dict(_asked)
    wait(asked.values(), timeout=_TIMEOUT)
    found = {name: each.result() if each.done() else "does not answer" for name, each in asked.items()}
    for name, state in found.items():
        if state != "ok":
            logger.warning("readyz: %s: %s", name, state)
    return found


class HealthMiddleware:
    """Answers both, before anything that asks for a known host, for TLS or for the database.

    Strangers are told yes or no. The parts are for who sends HEALTH_KEY, and for staff.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/livez":
            return _answer({"status": "ok"}, 200)
        if request.path_info != "/readyz":
            return self.get_response(request)
        found = parts()
        ready = all(state == "ok" for state in found.values())
        said: dict[str, object] = {"status": "ok" if ready else "unready"}
        if _may_see(request, found["database"] == "ok"):
            said["parts"] = found
        return _answer(said, 200 if ready else 503)


def _answer(said: dict[str, object], status: int) -> JsonResponse:
    return JsonResponse(said, status=status, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _may_see(request: HttpRequest, database: bool) -> bool:
    key = settings.HEALTH_KEY
    if key and constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {key}"):
        return True
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not cookie or not database:
        return False
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    try:
        return bool(auth.get_user(request).is_staff)
    except (DatabaseError, InterfaceError):
        return False
