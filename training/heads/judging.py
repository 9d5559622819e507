"""What a fitted head is held against: validation rows, and questions that all that is made of it must answer alike."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from training.heads.answering import Answering
from training.heads.calibration import calibration_error
from training.heads.folder import Fitted, Proof
from training.heads.rows import Rows
from training.heads.texts import TextVectors
from training.heads.thresholds import given_by, micro_f1

if TYPE_CHECKING:
    from training.heads.linear import Array

# Training rows stand in where there are fewer validation rows than this.
FEWEST = 50
# Beside them: other scripts, no word at all, and more than any encoder reads.
ODD = ("", " ", "Где моя посылка?", "我的包裹在哪里", "أين طردي", "👍🏽 !!!", "a", "word " * 700)
_NAMED = 12


def questions(rows: Rows, validation: Rows) -> Rows:
    """All validation rows first, training rows where those are few, and odd texts; their labels are not said."""
    more = rows.messages[: max(0, FEWEST - len(validation.messages))]
    odd = [[{"role": "user", "content": text}] for text in ODD]
    return Rows([*validation.messages, *more, *odd], [])


def judged(fitted: Fitted, proof: Proof, targets: "Array") -> dict[str, Any]:
    """The figures of the validation rows, the first of the proof's questions; none where there are no such rows."""
    import numpy as np

    if not len(targets):
        return {}
    chances, exclusive = np.asarray(proof.chances[: len(targets)], np.float64), fitted.record.exclusive
    said = np.clip(chances, 1e-9, 1 - 1e-9)
    loss = -np.log(said[targets > 0] if exclusive else np.where(targets > 0, said, 1 - said)).mean()
    figure = figure_of(chances, targets, fitted.record.answering, exclusive=exclusive)
    error = calibration_error(chances, targets, exclusive=exclusive)
    return {"figure": figure, "eval_loss": float(loss), "calibration_error": error}


def figure_of(chances: "Array", targets: "Array", answering: Answering, *, exclusive: bool) -> float:
    """Micro-F1 of what is given, or accuracy where labels exclude each other; both of shape (rows, labels)."""
    import numpy as np

    if exclusive:
        return float((chances.argmax(axis=1) == targets.argmax(axis=1)).mean())
    return micro_f1(given_by(chances, np.array(answering.thresholds), answering.limit), targets)


def answers(fitted: Fitted, proof: Proof, count: int) -> "Array":
    """What the first `count` questions of the proof are answered: 0 and 1, shape (count, labels)."""
    import numpy as np

    answering = fitted.record.answering
    found = np.zeros((count, len(answering.labels)), dtype=bool)
    for row, chances in zip(found, proof.chances[:count], strict=True):
        row[list(answering.given(chances))] = True
    return found


def validated(given: "Array", targets: "Array", *, exclusive: bool) -> list[list[float]]:
    """How each validation row is answered, as `training.engine.validated` has it: by number, from 1.

    `given` and `targets` are 0 and 1, of shape (rows, labels).
    """
    found = []
    for number, (said, wanted) in enumerate(zip(given > 0, targets > 0, strict=True), start=1):
        if exclusive:
            found.append([number, float((said == wanted).all()), 1.0, 1.0])
        else:
            found.append([number, float((said & wanted).sum()), float(wanted.sum()), float(said.sum())])
    return found


def plain_words(figures: dict[str, Any], found: TextVectors) -> Iterator[str]:
    """What people should know of the fit, a sentence each."""
    cut, unknown, texts = int(found.cut.sum()), int(found.unknown.sum()), len(found.cut)
    if cut:
        limit = figures["encoder"]["limit"]
        yield f"{cut} of {texts} texts are longer than the {limit} tokens that the encoder reads: the rest is not read."
    if unknown:
        yield f"{unknown} of {texts} texts are mostly in characters that the encoder does not know."
    if figures["only_described"]:
        names = _listed(figures["only_described"])
        yield f"No training row has {names}: known from what the task says of them alone."
    if figures["untaught"]:
        names = _listed(figures["untaught"])
        yield f"No training row has {names}, and the task says nothing of them: the head will not give them."
    if figures["plan"]["shortened"]:
        yield "The training rows times labels are many: one strength alone was tried, over two parts of the rows."
    if figures["calibration_error"] is None:
        yield "The training rows are too few to leave any out: nothing is tuned, and probabilities are not calibrated."


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
