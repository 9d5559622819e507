"""News from this floor. A signal is a hint that saves waiting; the rows are the truth."""

from django.dispatch import Signal

# project: Project, actor: Actor. Sent inside the transaction that makes it: what other floors give a new project comes
# with it.
project_created = Signal()

# project_id: int, golden_id: int. Sent after commit. `golden_id` is None after an import of many.
golden_sample_added = Signal()

# project_id: int. An expert reviews: keep the next samples of the queue proposed.
proposals_wanted = Signal()

# project_id: int. A manager or a reviewer chose an order or other shares: what it takes may have to be ranked.
order_changed = Signal()
