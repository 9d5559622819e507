"""How `gunicorn config.wsgi` serves, in the launcher and in the image, too; options on the command line go first."""

import os

from config.web.doors import HEAD_BYTES

worker_class = "config.web.worker.BufferedWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 8)
limit_request_line = 8190
limit_request_field_size = HEAD_BYTES
graceful_timeout = 10
timeout = 30
# The control socket would lie in the home folder, one for all instances.
control_socket_disable = True
# It takes this one while it makes its own files; a thread that makes a file meanwhile would share it with everybody.
umask = 0o077


def when_ready(server: object) -> None:
    """The master shows that it lives; of its workers it takes care itself."""
    from common.alive import show_life

    show_life()
