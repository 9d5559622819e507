"""News from this floor. A signal is a hint that saves waiting; the rows are the truth."""

from django.dispatch import Signal

# version_id: int. Sent after commit, when a run succeeded or version 0 was made.
version_created = Signal()
