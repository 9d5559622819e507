"""How far a project's vectors are, for its page and the API."""

from dataclasses import dataclass

from labeling.models import Project, VectorSet

NOT_BEGUN = "Not begun: the worker on the queue `vectors` looks for new texts once a minute."


@dataclass(frozen=True)
class Progress:
    """`done` of `total` texts have a vector by `encoder`; `note` says in a sentence what is to be known or done."""

    state: str
    encoder: str
    done: int
    total: int
    indexed: int
    cut: int
    unknown: int
    note: str
    stands_still: bool

    @property
    def is_moving(self) -> bool:
        """Whether a page should ask again soon."""
        return self.state == VectorSet.State.WORKING or (
            self.state == VectorSet.State.WAITING and not self.stands_still
        )


def progress(project: Project) -> Progress:
    """As it was written down last; a project without samples, or that no sweep has seen yet, has begun nothing."""
    row = VectorSet.objects.filter(project=project).first()
    if row is None:
        return Progress(VectorSet.State.WAITING, "", 0, 0, 0, 0, 0, NOT_BEGUN, stands_still=True)
    note = row.error
    if row.making and not note:
        note = "Another encoder is there: all vectors are made anew, and the old ones are used until the new are whole."
    counts = (row.done, row.total, row.indexed, row.cut, row.unknown)
    return Progress(row.state, row.encoder, *counts, note, stands_still=bool(row.error))
