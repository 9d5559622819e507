"""Hold a head's file against what the fit itself answered: every question again, each by itself, as it is served."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.heads.answering import Answering
from training.heads.folder import Proof

# The greatest difference of any label's probability. On the host that fitted, rounding is all that may differ; between
# processors the same 8 bits are summed in other ways.
HERE, ELSEWHERE = 1e-3, 0.02
_EXCERPT = 160


@dataclass(frozen=True)
class HeadProof:
    """The outcome: how many questions were asked and answered alike, and the first that was not."""

    ok: bool
    checked: int
    agreed: int
    differ: float
    sentence: str
    differences: list[dict[str, Any]]


@dataclass(frozen=True)
class Answered:
    """What was given to one question: the text, and the probability of each label."""

    text: str
    probabilities: Mapping[str, float]


def prove(
    answering: Answering,
    proof: Proof,
    ask: Callable[[Sequence[Mapping[str, str]]], Answered],
    *,
    tolerance: float,
    most: int | None = None,
) -> HeadProof:
    """Ask the first `most` questions, validation rows before all others. All must agree."""
    differences: list[dict[str, Any]] = []
    greatest, asked = 0.0, proof.messages[:most]
    for messages, row in zip(asked, proof.chances.tolist(), strict=False):
        found = ask(messages)
        wanted = answering.text(answering.given(row))
        apart = max(abs(found.probabilities[name] - each) for name, each in zip(answering.labels, row, strict=True))
        greatest = max(greatest, apart)
        if apart > tolerance or (found.text != wanted and not _on_the_edge(answering, row, tolerance)):
            said = messages[-1]["content"][:_EXCERPT]
            differences.append({"text": said, "fitted": wanted, "file": found.text, "apart": round(apart, 6)})
    checked, agreed = len(asked), len(asked) - len(differences)
    sentence = f"answers and probabilities equal the fitted head's on {agreed} of {checked} texts"
    sentence += f"; no probability differs by more than {greatest:.1e}, and {tolerance:g} is allowed"
    return HeadProof(not differences, checked, agreed, greatest, sentence, differences)


def _on_the_edge(answering: Answering, row: Sequence[float], tolerance: float) -> bool:
    """Whether a difference within the tolerance may turn the answer."""
    if answering.several:
        near = zip(row, answering.thresholds, strict=True)
        ordered = sorted(row, reverse=True)
        cut = len(row) > answering.limit and ordered[answering.limit - 1] - ordered[answering.limit] <= 2 * tolerance
        return cut or any(abs(each - threshold) <= tolerance for each, threshold in near)
    first, second = sorted(row, reverse=True)[:2]
    return first - second <= 2 * tolerance
