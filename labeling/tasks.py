"""Background work of this floor; each task is an id and one service call."""

from celery import shared_task

from common.queue import remind
from labeling import services
from labeling.services.retries import forget_responses


@shared_task(name="labeling.run_import")
def run_import(batch_id: int) -> None:
    """Import one uploaded file."""
    services.run_import(batch_id)


@shared_task(name="labeling.mail_links")
def mail_links() -> None:
    """Mail the links for new passwords that were asked for."""
    services.mail_links()


@shared_task(name="labeling.sweep")
def sweep() -> None:
    """Free stale leases, mail what could not be mailed, forget what is over."""
    services.release_stale_leases()
    services.mail_links()
    services.forget_old_counters()
    services.forget_old_sessions()
    forget_responses()


@shared_task(name="labeling.reap")
def reap() -> None:
    """Beat: imports that lost their worker run again."""
    for batch_id in services.restart_lost_imports():
        remind("labeling.run_import", batch_id)
