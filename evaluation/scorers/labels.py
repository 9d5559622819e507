"""What the kinds with labels share: counts of each label, and simple methods that learn labels from words."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from evaluation.methods import Learned, NothingToLearnError, Vectors
from evaluation.methods.head import Head
from evaluation.methods.nearest import Nearest, nearest_by_words
from evaluation.methods.overlap import Overlap
from evaluation.methods.tfidf import LogisticRegressions
from evaluation.scorers.base import Baseline, Counts, Example, Scored, Scorer, Task, ratio
from labeling.kinds import Answer
from labeling.kinds.labels import LabelKind

Teach = Callable[[list[str], list[frozenset[str]], list[str]], Learned]


class LabelScorer(Scorer):
    """An answer is its set of labels, which `kind` names. `exclusive`: it has exactly one."""

    kind: ClassVar[LabelKind]
    exclusive: ClassVar[bool] = False

    columns = (
        ("f1_micro", "Micro-F1", "Over all labels of all cases"),
        ("f1_macro_v2", "Macro-F1", "Mean of the F1 of the labels that the right answers have"),
        ("precision_micro", "Precision", "Of the labels given, the share that is right"),
        ("recall_micro", "Recall", "Of the right labels, the share that was given"),
    )
    sometimes = (("f1_macro", "Macro-F1 (old)", "Labels that were only given in vain counted, too, with 0"),)

    @property
    def baselines(self) -> dict[str, Baseline]:
        """The constant, what words give (without any answer, by likeness, and learnt), and what an encoder gives."""
        return super().baselines | {
            "word_overlap": Baseline("Words shared with the labels' descriptions, untrained", self.word_overlap),
            "nearest": Baseline("Nearest golden samples by TF-IDF", self.nearest, encoder=False),
            "tfidf_logreg": Baseline("TF-IDF with logistic regression", self.tfidf_logreg),
            "nearest_encoder": Baseline(
                "Nearest golden samples by a sentence encoder", self.nearest_encoder, encoder=True
            ),
            "head": Baseline("Sentence encoder with logistic regression", self.head, encoder=True),
        }

    def labels_of(self, answer: Answer | None) -> frozenset[str]:
        """The labels in an answer, none where there is no answer."""
        return frozenset() if answer is None else frozenset(self.kind.labels_in(answer))

    @abstractmethod
    def answers_of(self, learned: Learned, limit: int | None) -> list[Answer]:
        """The answer to each asked text that the chances of the labels make."""

    def is_exact(self, case: Scored) -> bool:
        """Whether the same labels were given, in whatever order."""
        return case.read is not None and self.labels_of(case.read) == self.labels_of(case.expected)

    def count_case(self, case: Scored) -> Counts:
        """Labels of one case that are right, given in vain, and missed.

        An answer that failed where none was expected is one given in vain.
        """
        expected, got = self.labels_of(case.expected), self.labels_of(case.read)
        if case.is_failed and not expected:
            return Counts(fp=1)
        return Counts(len(expected & got), len(got - expected), len(expected - got))

    def right_labels(self, case: Scored) -> frozenset[str]:
        """The labels that were expected and given."""
        return self.labels_of(case.expected) & self.labels_of(case.read)

    def micro(self, cases: Iterable[Scored]) -> Counts:
        """Counts summed over all labels of all cases."""
        return sum(map(self.count_case, cases), Counts())

    def per_label(self, cases: Iterable[Scored]) -> dict[str, Counts]:
        """Counts of every label that was expected or given in any case, by name."""
        table: dict[str, Counts] = {}
        for case in cases:
            expected, got = self.labels_of(case.expected), self.labels_of(case.read)
            for label in expected | got:
                one = Counts(label in expected & got, label in got - expected, label in expected - got)
                table[label] = table.get(label, Counts()) + one
        return dict(sorted(table.items()))

    def case_scores(self, case: Scored) -> dict[str, float]:
        """Counts and F1."""
        counts = self.count_case(case)
        return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "f1": counts.f1}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        """Micro and macro means, and a row a label under `labels`."""
        table = self.per_label(cases)
        total = self.micro(cases)
        found: dict[str, Any] = {
            "precision_micro": total.precision,
            "recall_micro": total.recall,
            "f1_micro": total.f1,
            **{f"{name}_macro_v2": value for name, value in macro(table).items()},
        }
        return found | {"labels": {name: label_row(counts) for name, counts in table.items()}}

    def word_overlap(self, train: Sequence[Example], test: Sequence[Example], task: Task) -> list[Scored]:
        """The test cases answered by the labels whose names and descriptions share the most words with the text."""
        described = task.described or dict.fromkeys(frozenset().union(*_sets(self, train)), "")
        if not described:
            return self.constant(train, test, task)
        return self._scored(Overlap([text for text, _ in test], described), test, task)

    def nearest(self, train: Sequence[Example], test: Sequence[Example], task: Task) -> list[Scored]:
        """The test cases answered by the training rows that are most like them. Raises `ValueError` on no rows."""
        return self._taught(nearest_by_words, train, test, task)

    def nearest_encoder(self, train: Sequence[Example], test: Sequence[Example], task: Task) -> list[Scored]:
        """The same by the encoder's vectors. Raises `ValueError` on no rows, and without an encoder."""
        vectors = _needed(task)
        return self._taught(
            lambda texts, labels, asked: Nearest(labels, vectors(texts), vectors(asked)), train, test, task
        )

    def head(self, train: Sequence[Example], test: Sequence[Example], task: Task) -> list[Scored]:
        """The test cases answered by logistic regression over the encoder's vectors. Raises as `nearest_encoder`."""
        vectors = _needed(task)

        def teach(texts: list[str], labels: list[frozenset[str]], asked: list[str]) -> Learned:
            return Head(texts, labels, asked, task.described, vectors, exclusive=self.exclusive)

        return self._taught(teach, train, test, task)

    def tfidf_logreg(self, train: Sequence[Example], test: Sequence[Example], task: Task) -> list[Scored]:
        """The test cases answered by one logistic regression a label over TF-IDF of words and pairs of words.

        Raises `ValueError` on no rows.
        """
        return self._taught(
            lambda texts, labels, asked: LogisticRegressions(texts, labels, asked, task.described), train, test, task
        )

    def _taught(self, teach: Teach, train: Sequence[Example], test: Sequence[Example], task: Task) -> list[Scored]:
        """Where the training rows hold no words or no labels the constant answers."""
        if not train:
            raise ValueError("There are no golden samples to train on.")
        if not test:
            return []
        labels = _sets(self, train)
        try:
            if not any(labels):
                raise NothingToLearnError("No row has a label.")
            learned = teach([text for text, _ in train], labels, [text for text, _ in test])
        except NothingToLearnError:
            return self.constant(train, test, task)
        return self._scored(learned, test, task)

    def _scored(self, learned: Learned, test: Sequence[Example], task: Task) -> list[Scored]:
        answers = self.answers_of(learned, task.limit)
        return [Scored(expected, answer) for (_, expected), answer in zip(test, answers, strict=True)]


def macro(table: Mapping[str, Counts]) -> dict[str, float]:
    """Unweighted means of precision, recall and F1 over the labels that are expected at least once.

    The set of labels follows from the cases alone, so it is the same for all that answer them. A label of the task that
    no case expects has no recall, and is left out, as scikit-learn has it with `labels` at the expected ones and in its
    balanced accuracy; where it is given in vain the micro figures tell.
    """
    rows = [row for row in table.values() if row.support]
    return {
        "precision": ratio(sum(row.precision for row in rows), len(rows)),
        "recall": ratio(sum(row.recall for row in rows), len(rows)),
        "f1": ratio(sum(row.f1 for row in rows), len(rows)),
    }


def _needed(task: Task) -> Vectors:
    if task.vectors is None:
        raise ValueError("This method needs a sentence encoder.")
    return task.vectors


def _sets(scorer: LabelScorer, rows: Iterable[Example]) -> list[frozenset[str]]:
    return [scorer.labels_of(answer) for _, answer in rows]


def label_row(counts: Counts) -> dict[str, float]:
    """Counts and figures of one label, as JSON."""
    row = {"support": counts.support, "tp": counts.tp, "fp": counts.fp, "fn": counts.fn}
    return row | {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
