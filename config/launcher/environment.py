"""The environment that all processes share, and where a second command finds that of a running launcher."""

import json
import os
import re
import shlex
from pathlib import Path

from common.environment import child_environment, keys
from config.embedded import secret
from config.embedded.lock import is_held
from config.embedded.secrets import write_private

ROOT = Path(__file__).resolve().parent.parent.parent
_KEPT = "environment.json"
# What the web server reads beside the settings.
_OF_WEB = ("WEB_CONCURRENCY", "WEB_THREADS", "GUNICORN_CMD_ARGS")


def var_dir() -> Path:
    """The runtime folder: TOUCHSTONE_VAR, or `var/` in the project."""
    return Path(os.environ.get("TOUCHSTONE_VAR") or ROOT / "var").resolve()


def build(
    folder: Path, *, caches: Path, database_url: str, broker_url: str, embedded: bool, port: int, model_port: int
) -> dict[str, str]:
    """What the processes get beyond the caller's environment. What the caller has set itself stays.

    `folder` holds this instance's state; `caches` holds models and tools, which outlive it.
    """
    settings = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "TOUCHSTONE_VAR": str(folder),
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "TOUCHSTONE_URL": f"http://127.0.0.1:{port}{prefix()}",
        "HEALTH_KEY": os.environ.get("HEALTH_KEY") or secret(folder, "health_key"),
    }
    if embedded:
        settings["TOUCHSTONE_EMBEDDED"] = "1"
    defaults = {
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "TOUCHSTONE_MODELS": str(caches / "models"),
        "TOUCHSTONE_TOOLS": str(caches / "tools"),
    }
    if "SECRET_KEY" not in os.environ and "SECRET_KEY_FILE" not in os.environ:
        settings["SECRET_KEY"] = secret(folder, "secret_key")
    if starts_model_server():
        settings["LOCAL_MODEL_SERVER_URL"] = f"http://127.0.0.1:{model_port}"
        settings["LOCAL_MODEL_SERVER_KEY"] = secret(folder, "model_server_key")
    return settings | {name: os.environ.get(name) or value for name, value in defaults.items()}


def of_processes(settings: dict[str, str]) -> dict[str, str]:
    """What our own processes get: the settings, the operator's keys for us, and what any program needs."""
    return child_environment(*names_of_settings(), *_OF_WEB, *keys(), network=True) | settings


def names_of_settings() -> list[str]:
    """Every variable that the settings read, from their own text: importing them would need what is being started."""
    text = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    names = re.findall(r'\benv\.\w+\(\s*"([A-Z_0-9]+)"', text)
    return [*names, *(f"{name}_FILE" for name in names)]


def prefix() -> str:
    """The path below which a proxy shows this instance (SCRIPT_NAME); the settings check it."""
    return os.environ.get("SCRIPT_NAME", "").rstrip("/")


def starts_model_server() -> bool:
    """False where the caller names a local model server of their own."""
    return not os.environ.get("LOCAL_MODEL_SERVER_URL")


def keep(folder: Path, settings: dict[str, str]) -> None:
    """Let `run` and `env` join this launcher; the file is private, as it holds every password."""
    write_private(folder / "secrets" / _KEPT, json.dumps(settings))


def forget(folder: Path) -> None:
    """The launcher ends: nobody can join it any more."""
    (folder / "secrets" / _KEPT).unlink(missing_ok=True)


def of_running(folder: Path) -> dict[str, str] | None:
    """The settings of the launcher that holds `folder`; None where none runs, or it is not up yet."""
    if not is_held(folder):
        return None
    try:
        settings: dict[str, str] = json.loads((folder / "secrets" / _KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return settings


def exports(settings: dict[str, str]) -> str:
    """The settings as lines for a shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(settings.items()))
