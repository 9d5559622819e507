"""News from this floor. A signal is a hint that saves waiting; the rows are the truth."""

from django.dispatch import Signal

# staged_id: int. Sent after commit, when a version stands on a server, proven.
version_staged = Signal()

# deployment_id: int. Sent after commit, when a version went live.
version_promoted = Signal()
