"""News from this floor. A signal is a hint that saves waiting; the rows are the truth."""

from django.dispatch import Signal

# staged_id: int. Sent after commit, when a version stands on a server, proven.
version_staged = Signal()

# deployment: Deployment. Sent after commit, when a version went live.
version_promoted = Signal()

# staged_id: int. Sent when a server has no model by the tag of a live version that it was asked for.
version_lost = Signal()

# staged_id: int, sentence: str. Sent when a server could not load a live version that it was asked for.
version_broken = Signal()
