"""What a caller's own system says of a sample: its id there, tags and metadata. No part of what is asked or judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from common.text import holds_unstorable, storable
from labeling.access import Right, require
from labeling.models import Sample
from labeling.services import events

MAX_TAGS, MAX_TAG, MAX_METADATA = 20, 60, 10_000


@dataclass(frozen=True)
class About:
    """What is said of one text: storable, each tag once."""

    external_id: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def as_fields(self) -> dict[str, Any]:
        """As the rows have it."""
        return {"external_id": self.external_id, "tags": list(self.tags), "metadata": dict(self.metadata)}


NOTHING = About()


def about(external_id: str = "", tags: Sequence[str] = (), metadata: Mapping[str, Any] | None = None) -> About:
    """What a caller says, tidied. Raises `ProblemError` where a database cannot hold it."""
    if holds_unstorable(metadata):
        raise ProblemError(
            "The metadata hold a NUL or half of a surrogate pair, which no database keeps. Leave it out."
        )
    tidy = dict.fromkeys(tag for each in tags if (tag := storable(each).strip()))
    return About(storable(external_id)[:200], tuple(tidy), dict(metadata or {}))


@transaction.atomic
def describe_sample(
    actor: Actor,
    sample: Sample,
    *,
    external_id: str | None = None,
    tags: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> Sample:
    """Change what is said of a sample; what is None stays. The event has the names of what was changed, no values."""
    require(actor, sample.project, Right.IMPORT)
    said = about(external_id or "", tags or (), metadata)
    given = {"external_id": external_id, "tags": tags, "metadata": metadata}
    tidy = {name: value for name, value in said.as_fields().items() if given[name] is not None}
    changes = {name: value for name, value in tidy.items() if value != getattr(sample, name)}
    if changes:
        for name, value in changes.items():
            setattr(sample, name, value)
        sample.save(update_fields=list(changes))
        events.record(actor, "sample.described", sample, after={"fields": sorted(changes)})
    return sample
