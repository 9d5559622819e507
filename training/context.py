"""What every page says of the workers."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from training.workers import queue_is_alive


def workers(request: HttpRequest) -> dict[str, object]:
    """`gpu_worker_alive`, `build_worker_alive` and `bulk_worker_alive`, asked only by templates that show them."""
    return {
        "bulk_worker_alive": SimpleLazyObject(lambda: queue_is_alive("bulk")),
        "gpu_worker_alive": SimpleLazyObject(lambda: queue_is_alive("gpu")),
        "build_worker_alive": SimpleLazyObject(lambda: queue_is_alive("build")),
    }
