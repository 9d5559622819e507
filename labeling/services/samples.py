"""Add texts: each is stored once, with its split and how it came in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from common.text import storable
from labeling import splits
from labeling.access import Right, require
from labeling.formats import Told
from labeling.kinds import Answer, Input, InputError, kind_of, whole
from labeling.models import ImportBatch, Project, Sample, Split
from labeling.services import events
from labeling.services.describing import NOTHING, About
from labeling.services.golden import announce_golden, settle
from labeling.services.spellings import Spellings
from labeling.ways import DRAWN, Given, WayIn


@dataclass(frozen=True)
class NewText:
    """A text to add: `text` is storable; `answer`, where known, is in stored form; `input`, where it is more.

    `given` is what the giver of its answer had in sight: imported, or seen where a file says so. `told` is what models
    of outside said of it, for whoever records that.
    """

    text: str
    external_id: str = ""
    answer: Answer | None = None
    input: Input | None = None
    told: tuple[Told, ...] = ()
    given: str = Given.IMPORTED
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def whole_input(self) -> Input:
        """What the project's kind asks about."""
        return whole(self.text, self.input)


def checked_input(project: Project, value: Any) -> Input:
    """What the project's kind asks about, in its stored form. Raises `ProblemError` where `value` is none."""
    try:
        return kind_of(project).input.check(value)
    except InputError as error:
        raise ProblemError(str(error)) from error


def new_text(project: Project, value: Any, external_id: str = "", said: About = NOTHING) -> NewText:
    """An input to add, with what is said of it besides. Raises `ProblemError` where it is none."""
    checked = checked_input(project, value)
    text = kind_of(project).input.text(checked)
    return NewText(
        text,
        said.external_id or storable(external_id),
        input=None if checked == text else checked,
        tags=said.tags,
        metadata=said.metadata,
    )


@transaction.atomic
def add_sample(
    actor: Actor, project: Project, value: Any, *, way_in: str, external_id: str = "", said: About = NOTHING
) -> tuple[Sample, bool]:
    """The sample of an input, and whether it is new; an equal text (case and spaces apart) is the same sample.

    `way_in` is kept of a new one only. Raises `ProblemError` on what the project does not ask about.
    """
    text = new_text(project, value, external_id, said)
    added = add_samples(project, [text], way_in=way_in)
    sample = Sample.objects.get(project=project, content_hash=splits.content_hash(text.text))
    sample.project = project
    if added:
        events.record(actor, "sample.added", sample, after={"split": sample.split, "way_in": way_in})
    return sample, bool(added)


@transaction.atomic
def add_samples(
    project: Project, texts: Iterable[NewText], *, way_in: str, batch: ImportBatch | None = None
) -> list[Sample]:
    """Insert those texts that the project does not have; the new rows come back, with ids, in order.

    Equal texts, within the call or in the project, become one sample. Near-duplicates share the split of the
    first of their group, whatever the shares are today. A text that a person chose (by `way_in`) enters the test split
    only behind its group. A thousand texts at a time is a good size. Who calls it writes the event.
    """
    by_hash: dict[str, NewText] = {}
    for text in texts:
        by_hash.setdefault(splits.content_hash(text.text), text)
    known = Sample.objects.filter(project=project, content_hash__in=by_hash).values_list("content_hash", flat=True)
    for content_hash in known:
        del by_hash[content_hash]
    rows = [
        Sample(
            project=project,
            batch=batch,
            text=text.text,
            input=text.input,
            external_id=text.external_id[:200],
            tags=list(text.tags),
            metadata=dict(text.metadata),
            content_hash=content_hash,
            group_hash=splits.group_key(text.text),
            rank=_shuffled(content_hash),
            way_in=way_in,
        )
        for content_hash, text in by_hash.items()
    ]
    split_of = splits_of(project, {row.group_hash for row in rows}, drawn=way_in in DRAWN)
    for row in rows:
        row.split = split_of[row.group_hash]
    Sample.objects.bulk_create(rows, ignore_conflicts=True)
    # An import at the same time may have been first with some of them; our uids tell which rows are ours.
    ids = dict(Sample.objects.filter(uid__in=[row.uid for row in rows]).values_list("uid", "pk"))
    added = [row for row in rows if row.uid in ids]
    for row in added:
        row.pk = ids[row.uid]
    return added


def in_one_order(texts: Iterable[NewText]) -> list[NewText]:
    """The texts as everybody inserts them: two requests with the same ones would else wait for each other for ever."""
    return sorted(texts, key=lambda text: splits.content_hash(text.text))


def samples_of(project: Project, texts: Iterable[NewText]) -> dict[str, Sample]:
    """The project's samples of these texts, by their hash."""
    hashes = {splits.content_hash(text.text) for text in texts}
    rows = Sample.objects.filter(project=project, content_hash__in=hashes).select_related("project")
    return {row.content_hash: row for row in rows}


def _shuffled(content_hash: str) -> int:
    """The rank of a new text: chance decides which is reviewed first, whenever and however it came in.

    Files are often sorted, and traffic that always came first would leave the test texts of an import for never.
    """
    return int(content_hash[:8], 16)


def splits_of(project: Project, groups: set[str], *, drawn: bool = True) -> dict[str, str]:
    """The split of each group: the one its first sample got, else by hash and today's shares.

    What chance did not draw opens no group of the test split; it is trained on instead.
    """
    # Oldest last, so that it wins in the dictionary.
    known = Sample.objects.filter(project=project, group_hash__in=groups).order_by("-id")
    fresh = {group: splits.split_for(group, project.shares, project.key) for group in groups}
    if not drawn:
        fresh = {group: Split.TRAIN if split == Split.TEST else split for group, split in fresh.items()}
    return fresh | dict(known.values_list("group_hash", "split"))


@transaction.atomic
def create_samples(
    actor: Actor, project: Project, texts: list[NewText], *, may_approve: bool
) -> list[tuple[Sample, bool]]:
    """Add texts for a caller with the right to import; answers need `may_approve` (the right to review).

    Of texts that are there already those that wait take their answer, and the others keep what was decided of them
    (`golden.settle`). The samples of all texts come back, in order, each with whether it is new.
    """
    require(actor, project, Right.IMPORT)
    if not may_approve and any(text.answer is not None for text in texts):
        raise ProblemError("Known answers may be given only by those who may review. Leave the answers out.")
    added = {row.content_hash for row in add_samples(project, in_one_order(texts), way_in=WayIn.API)}
    hashes = [splits.content_hash(text.text) for text in texts]
    samples = samples_of(project, texts)
    spellings = Spellings(project.spec, (text.text for text in texts))
    fitted = [spellings.fit(text.text, text.answer) for text in texts]
    said = {name: answer for name, answer in zip(hashes, fitted, strict=True) if answer is not None}
    approved = settle([(samples[content_hash], answer) for content_hash, answer in said.items()], project.spec)
    if approved:
        announce_golden(project.pk, None)
    if added or approved:
        after = {"new": len(added), "known": len(texts) - len(added), "approved": approved}
        events.record(actor, "samples.added", project, after=after)
    return [(samples[content_hash], content_hash in added) for content_hash in hashes]
