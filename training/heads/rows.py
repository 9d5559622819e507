"""The rows of a run folder as a head reads them: the words of a question, and the labels of its answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.data import messages_of
from training.engine.errors import EngineError, Exit
from training.engine.files import read_jsonl
from training.engine.heads.targets import labels_in
from training.heads.config import HeadTask

if TYPE_CHECKING:
    from training.heads.linear import Array


@dataclass(frozen=True)
class Rows:
    """Questions as messages, and which of the task's labels each answer has."""

    messages: list[list[dict[str, str]]]
    labels: list[frozenset[str]]

    @property
    def texts(self) -> list[str]:
        """What the encoder reads of each."""
        return [words_of(each) for each in self.messages]

    def targets(self, names: Sequence[str]) -> "Array":
        """0 and 1, shape (rows, labels)."""
        import numpy as np

        places = {name: place for place, name in enumerate(names)}
        found = np.zeros((len(self.labels), len(names)), dtype=np.float32)
        for row, labels in enumerate(self.labels):
            found[row, [places[name] for name in labels]] = 1.0
        return found


def words_of(messages: Sequence[Mapping[str, str]]) -> str:
    """What is asked, without the instruction, which is the same for all texts."""
    return "\n".join(each["content"] for each in messages if each["role"] != "system")


def described(task: HeadTask) -> dict[str, str]:
    """A text for each label that the task says something of: one more row of it."""
    return {
        label.name: f"{label.name.replace('_', ' ')}: {label.description}" for label in task.labels if label.description
    }


def taught(rows: Rows, said: Sequence[str], names: Sequence[str]) -> "Array":
    """The targets of what is learnt from: of all rows, then of the labels' descriptions; shape (rows, labels)."""
    import numpy as np

    told = Rows([], [frozenset({name}) for name in said])
    return np.vstack([rows.targets(names), told.targets(names)])


def read_rows(path: Path, task: HeadTask) -> Rows:
    """The rows of one file; none where there is no file. Raises `EngineError` on an answer to another task."""
    return rows_of(read_jsonl(path) if path.is_file() else [], task, path.name)


def rows_of(found: Iterable[Mapping[str, Any]], task: HeadTask, name: str) -> Rows:
    """Training rows as a head reads them; `name`: what an `EngineError` calls where they come from."""
    known = {label.name for label in task.labels}
    messages: list[list[dict[str, str]]] = []
    labels: list[frozenset[str]] = []
    for number, row in enumerate(found, start=1):
        where = f"{name}, row {number}"
        prompt, completion = messages_of(row, where)
        given, several = labels_in(completion, where)
        strange = sorted(set(given) - known)
        if strange or several != task.several:
            what = f"the labels {', '.join(strange[:5])}" if strange else "an answer of another form"
            raise EngineError(f"{where}: {what}, which the task does not know.", Exit.BAD_CONFIG)
        messages.append([_plain(each) for each in prompt])
        labels.append(frozenset(given))
    return Rows(messages, labels)


def _plain(message: Mapping[str, Any]) -> dict[str, str]:
    return {"role": str(message["role"]), "content": str(message["content"])}
