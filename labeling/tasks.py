"""Background work of this floor; each task is an id and one service call."""

from celery import shared_task

from common.queue import enqueue, remind
from labeling import services
from labeling.services.news import deliveries, lasting, mails, outbox
from labeling.services.order.blind import look_whether_blind_is_wanted
from labeling.services.retries import forget_responses
from labeling.services.vectors import due, making


@shared_task(name="labeling.run_import")
def run_import(batch_id: int) -> None:
    """Import one uploaded file."""
    services.run_import(batch_id)


@shared_task(name="labeling.run_export")
def run_export(export_id: int) -> None:
    """Write one export."""
    services.run_export(export_id)


@shared_task(name="labeling.mail_links")
def mail_links() -> None:
    """Mail the links for new passwords that were asked for."""
    services.mail_links()


@shared_task(name="labeling.sweep")
def sweep() -> None:
    """Free stale leases, mail and forget what is due, look whether the gate wants test texts and for lasting news."""
    services.release_stale_leases()
    services.mail_links()
    services.forget_old_counters()
    services.forget_old_sessions()
    services.remove_old_exports()
    services.remove_old_drafts()
    forget_responses()
    look_whether_blind_is_wanted()
    lasting.look_for_lasting()
    outbox.forget_old()


@shared_task(name="labeling.tell")
def tell() -> None:
    """Beat: tell what waits in the outbox, and have sent what is due."""
    outbox.tell_all()
    if mails.due().exists() or deliveries.due().exists():
        enqueue("labeling.deliver")


@shared_task(name="labeling.deliver")
def deliver() -> None:
    """Send the mails that are due, then what webhooks are to be told."""
    mails.send_due()
    deliveries.deliver_due()


@shared_task(name="labeling.reap")
def reap() -> None:
    """Beat: imports, exports and vectors that lost their worker go on."""
    for batch_id in services.restart_lost_imports():
        remind("labeling.run_import", batch_id)
    for export_id in services.restart_lost_exports():
        remind("labeling.run_export", export_id)
    for project_id in due.lost():
        due.ask(project_id)


@shared_task(name="labeling.make_vectors")
def make_vectors(project_id: int, ticket: str = "") -> None:
    """One round for the vectors of a project."""
    if due.take(project_id, ticket):
        making.make_vectors(project_id)


@shared_task(name="labeling.sweep_vectors")
def sweep_vectors() -> None:
    """Beat, on the host that has the encoder: projects whose vectors are not whole."""
    due.sweep()
