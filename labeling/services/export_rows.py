"""A project's texts as they were at one moment, read page by page: flat memory, and a place to go on from.

Pages by id and no cursor of the database: a cursor would hold one transaction open for minutes, and could not be taken
up again by another worker. Answers come as JSON text; equal ones are read once.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from common import jsonbounds, jsonl
from labeling.formats import Answered, Golden, Item
from labeling.kinds import kind_of
from labeling.models import GoldenSample, Prediction, Review, Sample, SampleState, Split, TaskSpec, User, Withdrawal
from labeling.services.fitting import Fitting

PAGE = 4000
# Answers of free text hardly repeat; those of labels do.
_KEPT_ANSWERS = 20_000


def _as_text(name: str) -> Cast:
    """A column as the database writes it: most of it goes into the file as it stands, without a value of Python's."""
    return Cast(name, TextField())


# What is told of a prediction and of a review, by the columns that hold it.
_GIVEN = {"at": "created_at", "answer": "answer", "spec_number": "spec__number"}
_PROPOSAL = {name: name for name in ("raw", "status", "confidence", "latency_ms", "source")} | {"model": "model_tag"}
_DECISION = {name: name for name in ("action", "skip_reason", "comment", "seconds")} | {"by": "reviewer__username"}
_JSON, _AT = _as_text("answer"), _as_text("created_at")
_SAMPLE = ("pk", _as_text("uid"), "text", "input", "external_id", "split", "way_in", _AT, "state", "is_audit")


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
    _names: dict[int, str] = field(default_factory=dict)

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
        last = rows[-1][0]
        return last, self._items(rows, {"sample_id__gt": after, "sample_id__lte": last, "created_at__lte": self.as_of})

    def _items(self, rows: list[tuple[Any, ...]], between: dict[str, Any]) -> list[Item]:
        golden, states = self._golden(between), self._states(between)
        proposals, decisions = self._history(between)
        items = []
        for pk, uid, text, input, external_id, split, way_in, created_at, today, is_audit in rows:
            given = golden.get(pk)
            state = states.get(pk) or (SampleState.GOLDEN if given else SampleState.PENDING)
            if given and state == SampleState.REJECTED:
                state = SampleState.GOLDEN
            is_test = split == Split.TEST
            # As everywhere: what models say of a test text or an audit is hidden while somebody may have to answer it.
            is_blind = (is_test or is_audit) and today in (SampleState.PENDING, SampleState.WITHDRAWN)
            opened = self.test_answers or not is_test
            items.append(
                Item(
                    uid=uid,
                    text=text,
                    input=input,
                    external_id=external_id,
                    split=split,
                    way_in=way_in,
                    added_at=_iso(created_at),
                    state=str(state),
                    is_withdrawn=today == SampleState.WITHDRAWN,
                    is_withheld=bool(given) and not opened,
                    golden=self._approved(given) if given and opened else None,
                    proposals=proposals.get(pk, "[]") if opened and not is_blind else "[]",
                    decisions=decisions.get(pk, "[]") if opened else "[]",
                )
            )
        return items

    def _golden(self, between: dict[str, Any]) -> dict[int, tuple[Any, ...]]:
        in_force = Q(retired_at=None) | Q(retired_at__gt=self.as_of)
        rows = GoldenSample.objects.filter(in_force, project=self.task.project_id, **between).order_by("pk")
        names = ("spec_id", _JSON, "review__reviewer_id", _AT, "given", "source")
        return {row[0]: row[1:] for row in rows.values_list("sample_id", *names)}

    def _approved(self, row: tuple[Any, ...]) -> Golden:
        spec_id, answer, by, at, given, source = row
        read, reason = self._answered(spec_id, answer)
        return Golden(read, reason, answer, self._numbers[spec_id], self._name(by), _iso(at), given, source)

    def _name(self, user: int | None) -> str | None:
        if user is not None and user not in self._names:
            self._names.update(User.objects.filter(pk=user).values_list("pk", "username"))
        return None if user is None else self._names[user]

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

    def _states(self, between: dict[str, Any]) -> dict[int, str]:
        """Of samples that were withdrawn, or rejected unless an answer came after it."""
        of_project = {"sample__project": self.task.project_id, **between}
        turns = Review.objects.filter(action__in=(Review.Action.REJECT, Review.Action.UNDO), **of_project)
        withdrawals = Withdrawal.objects.filter(**of_project).order_by("pk")
        last = dict(turns.order_by("pk").values_list("sample_id", "action"))
        out = dict(withdrawals.values_list("sample_id", "restores_id"))
        states = {pk: str(SampleState.REJECTED) for pk, action in last.items() if action == Review.Action.REJECT}
        return states | {pk: str(SampleState.WITHDRAWN) for pk, restores in out.items() if restores is None}

    def _history(self, between: dict[str, Any]) -> tuple[dict[int, str], dict[int, str]]:
        """What models said and what experts decided, as lists in JSON; made by the database, which has the rows."""
        if not self.with_history:
            return {}, {}
        proposals = Prediction.objects.filter(project=self.task.project_id, **between)
        decisions = Review.objects.filter(sample__project=self.task.project_id, **between)
        return _lists(proposals, _GIVEN | _PROPOSAL), _lists(decisions, _GIVEN | _DECISION)


def _lists(rows: QuerySet[Any], fields: dict[str, str]) -> dict[int, str]:
    """The rows of each sample as a list of objects, in JSON."""
    told = StringAgg(Cast(_Object(fields), TextField()), ", ", order_by="pk")
    found = rows.order_by().values("sample_id").annotate(told=told).values_list("sample_id", "told")
    return {pk: f"[{objects}]" for pk, objects in found}


class _Object(Func):
    """Columns as a JSON object; as text, where Django's own is made twice, in binary."""

    function = "JSON_BUILD_OBJECT"
    output_field = TextField()

    def __init__(self, fields: dict[str, str]) -> None:
        named = ((Cast(Value(name), TextField()), F(column)) for name, column in fields.items())
        super().__init__(*chain.from_iterable(named))


def _iso(at: str) -> str:
    """A moment as PostgreSQL writes it in UTC, in which each connection is, as ISO 8601."""
    return f"{at[:10]}T{at[11:]}:00"
