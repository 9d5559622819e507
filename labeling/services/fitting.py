"""How approved answers read under today's task, and how many of them do not: nothing is left out without a number."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from django.db.models import Count, Q, QuerySet

from labeling.carrying import Carrier
from labeling.kinds import Answer, AnswerError, Spec, kind_of
from labeling.models import GoldenSample, Project, Sample, TaskSpec

# A page of answers that no longer fit reads them by what they say; more different ones than this are too many to show.
_MOST_GROUPS = 200


class Fitting:
    """Reads stored answers of any spec of a project under one; what does not fit is counted in `left_out` by reason."""

    def __init__(self, asked: Spec) -> None:
        self.asked = asked
        self.left_out: Counter[str] = Counter()
        self.reason = ""  # why the last one did not fit
        self._carriers: dict[int, Carrier] = {}

    def read(self, spec_id: int, answer: Answer, count: int = 1) -> Answer | None:
        """The answer, given under the `TaskSpec` of that id, in its stored form under the asked spec; None: no fit."""
        if spec_id not in self._carriers:
            given = TaskSpec.objects.get(pk=spec_id).to_spec()
            self._carriers[spec_id] = Carrier(given, self.asked)
        try:
            return self._carriers[spec_id].carry(answer)
        except AnswerError as error:
            self.reason = str(error)
            self.left_out[self.reason] += count
            return None


def reasons(left_out: Mapping[str, int], most: int = 5) -> str:
    """The counts in one line for people, the greatest first."""
    ordered = sorted(left_out.items(), key=lambda item: -item[1])
    shown = [f"{reason} ({count})" for reason, count in ordered[:most]]
    rest = sum(count for _, count in ordered[most:])
    return ", ".join(shown + ([f"other reasons ({rest})"] if rest else []))


def carried(given: TaskSpec, answer: Answer | None, asked: Spec) -> Answer | None:
    """One answer read under another spec; None where there is none, or it does not fit."""
    if answer is None:
        return None
    try:
        return Carrier(given.to_spec(), asked).carry(answer)
    except AnswerError:
        return None


def misfits(golden: QuerySet[GoldenSample], asked: Spec) -> Counter[str]:
    """How many of these approved answers do not fit `asked`, by reason."""
    fitting = Fitting(asked)
    for spec_id, answer, count in _groups(golden, asked):
        fitting.read(spec_id, answer, count)
    return fitting.left_out


def answers_left_out(project: Project) -> Counter[str]:
    """How many of the approved answers in force do not fit the project's newest spec, by reason."""
    return misfits(GoldenSample.objects.current().filter(project=project), project.spec.to_spec())


def answers_lost(project: Project, before: Spec, after: Spec) -> Counter[str]:
    """How many approved answers fit `before` and would not fit `after`, by reason."""
    old, new = Fitting(before), Fitting(after)
    for spec_id, answer, count in _groups(GoldenSample.objects.current().filter(project=project), after):
        if old.read(spec_id, answer) is not None:
            new.read(spec_id, answer, count)
    return new.left_out


def count_fitting(golden: QuerySet[GoldenSample], asked: Spec) -> int:
    """How many of these approved answers fit `asked`."""
    if kind_of(asked).fits_every_spec:
        return golden.count()
    fitting = Fitting(asked)
    groups = list(_groups(golden, asked))
    return sum(count for spec_id, answer, count in groups if fitting.read(spec_id, answer) is not None)


def count_fitting_up_to(most: int, golden: QuerySet[GoldenSample], asked: Spec) -> int:
    """The same, and `most` where there are more: it reads about as many."""
    golden = golden.order_by("pk")
    if kind_of(asked).fits_every_spec:
        return golden[:most].count()
    fitting = Fitting(asked)
    rows = golden.values_list("spec_id", "answer").iterator(chunk_size=500)
    fits = (True for spec_id, answer in rows if fitting.read(spec_id, answer) is not None)
    return sum(islice(fits, most))


def label_usage(project: Project) -> Counter[str]:
    """How many approved answers in force use each label, by its name today."""
    fitting, usage = Fitting(project.spec.to_spec()), Counter[str]()
    for spec_id, answer, count in _groups(GoldenSample.objects.current().filter(project=project), fitting.asked):
        carried = fitting.read(spec_id, answer)
        for name in kind_of(fitting.asked).labels_in(carried) if carried else ():
            usage[name] += count
    return usage


def samples_left_out(project: Project) -> QuerySet[Sample]:
    """The samples whose approved answer does not fit the project's newest spec, newest first."""
    asked = project.spec.to_spec()
    fitting, wanted, found = Fitting(asked), Q(pk__in=[]), 0
    for spec_id, answer, _ in _groups(GoldenSample.objects.current().filter(project=project), asked):
        if found < _MOST_GROUPS and fitting.read(spec_id, answer) is None:
            wanted |= Q(spec_id=spec_id, answer=answer)
            found += 1
    golden = GoldenSample.objects.current().filter(wanted, project=project)
    return Sample.objects.filter(project=project, pk__in=golden.values("sample")).order_by("-id")


def _groups(golden: QuerySet[GoldenSample], asked: Spec) -> Iterator[tuple[int, Answer, int]]:
    """The different answers, with how often each is there: few where answers are labels, as many as samples where each
    is its own.
    """
    if kind_of(asked).fits_every_spec:
        return
    rows = golden.order_by().values_list("spec_id", "answer").annotate(Count("pk"))
    yield from rows.iterator()
