"""What every page says of the workers."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from training.workers import queue_is_alive


def workers(request: HttpRequest) -> dict[str, object]:
    """`gpu_worker_alive` and so on for `build`, `bulk` and `vectors`, asked only by templates that show them."""
    return {
        "bulk_worker_alive": SimpleLazyObject(lambda: queue_is_alive("bulk")),
        "gpu_worker_alive": SimpleLazyObject(lambda: queue_is_alive("gpu")),
        "vectors_worker_alive": SimpleLazyObject(lambda: queue_is_alive("vectors")),
        "build_worker_alive": SimpleLazyObject(lambda: queue_is_alive("build")),
    }
