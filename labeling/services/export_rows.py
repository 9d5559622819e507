"""A project's texts as they were at one moment, read page by page: flat memory, and a place to go on from.

Pages by id and no cursor of the database: a cursor would hold one transaction open for minutes, and could not be taken
up again by another worker. Answers come as JSON text; equal ones are read once.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from common import jsonbounds, jsonl
from labeling.formats import Answered, Decision, Golden, Item, Proposal
from labeling.kinds import kind_of
from labeling.models import GoldenSample, Prediction, Review, Sample, SampleState, Split, TaskSpec, Withdrawal
from labeling.services.fitting import Fitting

PAGE = 2000
# Answers of free text hardly repeat; those of labels do.
_KEPT_ANSWERS = 20_000
# As text: most of it is written as it stands.
_JSON = Cast("answer", TextField())
_SAMPLE = ("pk", "uid", "text", "input", "external_id", "split", "way_in", "created_at", "state")


@dataclass
class Reader:
    """Reads pages of samples. `with_history`: proposals and decisions, too; `test_answers`: those of the test split."""

    rows: QuerySet[Sample]
    task: TaskSpec
    as_of: datetime
    with_history: bool
    test_answers: bool
    _read: dict[tuple[int, str], tuple[Answered | None, str]] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spec = self.task.to_spec()
        self.kind, self.fitting = kind_of(self.spec), Fitting(self.spec)
        self._numbers.update(TaskSpec.objects.filter(project=self.task.project_id).values_list("pk", "number"))

    @property
    def wanted(self) -> QuerySet[Sample]:
        """All samples that are looked at, in order."""
        return self.rows.filter(created_at__lte=self.as_of).order_by("pk")

    def page(self, after: int) -> tuple[int, list[Item]]:
        """The next samples behind the one with this id, and the id of the last; none at the end."""
        rows = list(self.wanted.filter(pk__gt=after).values_list(*_SAMPLE)[:PAGE])
        if not rows:
            return after, []
        return rows[-1][0], self._items(rows)

    def _items(self, rows: list[tuple[Any, ...]]) -> list[Item]:
        ids = [row[0] for row in rows]
        golden, states = self._golden(ids), self._states(ids)
        proposals, decisions = self._proposals(ids), self._decisions(ids)
        items = []
        for pk, uid, text, input, external_id, split, way_in, created_at, today in rows:
            given = golden.get(pk)
            state = states.get(pk) or (SampleState.GOLDEN if given else SampleState.PENDING)
            if given and state == SampleState.REJECTED:
                state = SampleState.GOLDEN
            is_test = split == Split.TEST
            # As everywhere: what models say of a test text is hidden while somebody may have to answer it.
            is_blind = is_test and today in (SampleState.PENDING, SampleState.WITHDRAWN)
            opened = self.test_answers or not is_test
            items.append(
                Item(
                    uid=str(uid),
                    text=text,
                    input=input,
                    external_id=external_id,
                    split=split,
                    way_in=way_in,
                    added_at=created_at.isoformat(),
                    state=str(state),
                    is_withheld=bool(given) and not opened,
                    golden=self._approved(given) if given and opened else None,
                    proposals=proposals[pk] if opened and not is_blind else [],
                    decisions=decisions[pk] if opened else [],
                )
            )
        return items

    def _golden(self, ids: list[int]) -> dict[int, tuple[Any, ...]]:
        in_force = Q(retired_at=None) | Q(retired_at__gt=self.as_of)
        rows = GoldenSample.objects.filter(in_force, sample__in=ids, created_at__lte=self.as_of).order_by("pk")
        names = ("spec_id", _JSON, "review__reviewer__username", "created_at", "given", "source")
        return {row[0]: row[1:] for row in rows.values_list("sample_id", *names)}

    def _approved(self, row: tuple[Any, ...]) -> Golden:
        spec_id, answer, by, at, given, source = row
        read, reason = self._answered(spec_id, answer)
        return Golden(read, reason, answer, self._numbers[spec_id], by, at.isoformat(), given, source)

    def _answered(self, spec_id: int, answer: str) -> tuple[Answered | None, str]:
        """The answer under today's task, or why there is none."""
        key = spec_id, answer
        if key not in self._read:
            if len(self._read) >= _KEPT_ANSWERS:
                self._read.clear()
            carried = self.fitting.read(spec_id, jsonbounds.loads(answer))
            if carried is None:
                self._read[key] = None, self.fitting.reason
            else:
                self._read[key] = Answered(carried, jsonl.dumps(carried), self.kind.labels_in(carried)), ""
        return self._read[key]

    def _states(self, ids: list[int]) -> dict[int, str]:
        """Of samples that were withdrawn, or rejected unless an answer came after it."""
        until = {"sample__in": ids, "created_at__lte": self.as_of}
        turns = Review.objects.filter(action__in=(Review.Action.REJECT, Review.Action.UNDO), **until).order_by("pk")
        withdrawals = Withdrawal.objects.filter(**until).order_by("pk")
        last, out = dict(turns.values_list("sample_id", "action")), dict(withdrawals.values_list("sample", "restores"))
        states = {pk: str(SampleState.REJECTED) for pk, action in last.items() if action == Review.Action.REJECT}
        return states | {pk: str(SampleState.WITHDRAWN) for pk, restores in out.items() if restores is None}

    def _proposals(self, ids: list[int]) -> dict[int, list[Proposal]]:
        found: dict[int, list[Proposal]] = defaultdict(list)
        if self.with_history:
            rows = Prediction.objects.filter(sample__in=ids, created_at__lte=self.as_of).order_by("pk")
            names = ("model_tag", "created_at", _JSON, "raw", "status", "confidence", "latency_ms", "source", "spec_id")
            for pk, model, at, answer, raw, status, sure, took, way, spec_id in rows.values_list("sample_id", *names):
                number = self._numbers[spec_id]
                said = Proposal(model, at.isoformat(), answer or "null", raw, status, sure, took, way, number)
                found[pk].append(said)
        return found

    def _decisions(self, ids: list[int]) -> dict[int, list[Decision]]:
        found: dict[int, list[Decision]] = defaultdict(list)
        if self.with_history:
            rows = Review.objects.filter(sample__in=ids, created_at__lte=self.as_of).order_by("pk")
            names = ("action", "reviewer__username", "created_at", _JSON, "comment", "seconds", "spec_id")
            for pk, action, by, at, answer, comment, seconds, spec_id in rows.values_list("sample_id", *names):
                number = self._numbers[spec_id]
                found[pk].append(Decision(action, by, at.isoformat(), answer or "null", comment, seconds, number))
        return found
