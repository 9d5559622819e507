"""Background work of this floor; each task is an id and one service call."""

from celery import shared_task

from labeling import services


@shared_task(name="labeling.run_import")
def run_import(batch_id: int) -> None:
    """Import one uploaded file."""
    services.run_import(batch_id)


@shared_task(name="labeling.sweep")
def sweep() -> None:
    """Free stale leases and run lost imports again."""
    services.release_stale_leases()
    for batch_id in services.restart_lost_imports():
        run_import.delay(batch_id)
