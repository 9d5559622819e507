"""Strict typed reading of the environment, on `environs`; `NAME_FILE` names a file that holds the value."""

import builtins
import ipaddress
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environs
from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MISSING: Any = object()
_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]+)+")
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


def load_file_secrets() -> None:
    """Fill `NAME` from the file named by `NAME_FILE`, where `NAME` itself is not set."""
    for key, path in list(os.environ.items()):
        name = key.removesuffix("_FILE")
        if name != key and name in _SECRETS and name not in os.environ:
            try:
                os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ImproperlyConfigured(f"{key}={path} cannot be read: {error}") from error


_SECRETS = {
    "SECRET_KEY",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "LOCAL_MODEL_SERVER_KEY",
    "EMAIL_URL",
    "HEALTH_KEY",
}


class Env:
    """Typed getters; a missing or malformed value raises `ImproperlyConfigured` with its name."""

    def __init__(self) -> None:
        load_file_secrets()
        self._env = environs.Env()

    def _get(self, kind: builtins.str, name: builtins.str, default: Any) -> Any:
        try:
            return getattr(self._env, kind)(name) if default is _MISSING else getattr(self._env, kind)(name, default)
        except environs.EnvError as error:
            hint = "" if name in os.environ else " Set it, or start with `make serve`, which sets everything up."
            raise ImproperlyConfigured(f"{error}.{hint}") from error

    def str(self, name: builtins.str, default: Any = _MISSING) -> builtins.str:
        value: builtins.str = self._get("str", name, default)
        if default is _MISSING and not value:
            raise ImproperlyConfigured(f"{name} is set but empty.")
        return value

    def bool(self, name: builtins.str, default: Any = _MISSING) -> builtins.bool:
        return bool(self._get("bool", name, default))

    def int(self, name: builtins.str, default: Any = _MISSING) -> builtins.int:
        return int(self._get("int", name, default))

    def float(self, name: builtins.str, default: Any = _MISSING) -> builtins.float:
        return float(self._get("float", name, default))

    def list(self, name: builtins.str, default: Any = _MISSING) -> builtins.list[builtins.str]:
        return list(self._get("list", name, default))

    def one_of(self, name: builtins.str, choices: tuple[builtins.str, ...]) -> builtins.str:
        """One of the words, the first unless told otherwise."""
        value = self.str(name, choices[0])
        if value not in choices:
            raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}.")
        return value

    def hosts(self, name: builtins.str, default: Any = _MISSING) -> builtins.list[builtins.str | Network]:
        """Names of hosts, `*.domain` for all under it, and networks such as 10.0.0.0/8; a single address is one."""
        return [_host(name, word.strip().lower()) for word in self.list(name, default)]

    def path(self, name: builtins.str, default: Any = _MISSING) -> Path:
        return Path(self._get("path", name, default)).resolve()

    def mail(self, name: builtins.str) -> dict[builtins.str, Any]:
        """A mail server's URL as Django's EMAIL settings: submission://user:password@mail.example.org:587 speaks TLS,
        smtp://mail.example.org does not, smtp://user:password@mail.example.org:465?ssl=True does so from the start."""
        given = urlsplit(self.str(name))
        if given.scheme not in ("smtp", "submission") or not given.hostname:
            raise ImproperlyConfigured(f"{name} must be a submission:// or smtp:// URL with the host that takes mail.")
        return dict(self._get("dj_email_url", name, _MISSING))

    def prefix(self, name: builtins.str) -> builtins.str:
        """A path such as /label, without a slash at its end; empty where it is not set."""
        value = self.str(name, "").rstrip("/")
        if value and not _PREFIX.fullmatch(value):
            raise ImproperlyConfigured(f"{name} must be a path such as /label, not {value!r}.")
        return value

    def database(self, name: builtins.str) -> dict[Any, Any]:
        """A PostgreSQL URL as Django's DATABASES entry, with health-checked persistent connections."""
        config: dict[Any, Any] = dict(self._get("dj_db_url", name, _MISSING))
        if config.get("ENGINE") != "django.db.backends.postgresql":
            raise ImproperlyConfigured(f"{name} must be a postgresql:// URL; Touchstone runs on PostgreSQL only.")
        options = {"connect_timeout": 10} | config.get("OPTIONS", {})
        ours = {"ENGINE": "config.database", "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}
        return config | ours


def _host(name: str, word: str) -> str | Network:
    try:
        return ipaddress.ip_network(word.strip("[]"))
    except ValueError as error:
        # What looks like a network and is none must not be taken for a name.
        if "/" in word or ":" in word or not _HOST.fullmatch(word) or word.rpartition(".")[2].isdigit():
            raise ImproperlyConfigured(
                f"{name}: {word!r} is no name of a host (gpu1, *.lab) and no network (10.0.0.0/8): {error}."
            ) from error
    return word
