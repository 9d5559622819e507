"""Two kinds that no code knows: passages quoted from a text, and a judgment of a conversation in a schema of its own.

The quotes can be read only with the text at hand; the judgment asks about a conversation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from evaluation.scorers import SCORERS, Counts, Scored, Scorer
from labeling.kinds import KINDS, Answer, AnswerError, Input, Kind, Spec, SpecError
from labeling.kinds.base import Entered, first
from labeling.kinds.inputs import CONVERSATION
from labeling.kinds.reading import content_of, under_key


class Quotes(Kind):
    """`{"quotes": [...]}`: passages of the text, as they stand in it."""

    name = "toy_quotes"
    title = "Toy quotes"
    about = "Passages of the text."
    nothing_given = "Nothing is quoted."

    def schema(self, spec: Spec) -> dict[str, Any]:
        quotes = {"type": "array", "items": {"type": "string"}, "maxItems": 9}
        properties = {"quotes": quotes}
        return {"type": "object", "properties": properties, "required": ["quotes"], "additionalProperties": False}

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        return {"quotes": [self._find(quote, input) for quote in content_of(value, "quotes")]}

    def read(self, spec: Spec, value: Any, input: Input | None, repairs: list[str]) -> Answer:
        quotes = under_key(value, "quotes", repairs)
        answer = self.canonical(spec, quotes, input)
        if answer["quotes"] != quotes:
            repairs.append("a quote in other letters found in the text")
        return answer

    def _find(self, quote: str, input: Input | None) -> str:
        if not isinstance(input, str):
            raise AnswerError("The text is not kept, so no quote can be found in it.")
        at = input.lower().find(quote.lower())
        if at < 0:
            raise AnswerError(f"The text does not hold {quote!r}; quote it as it stands.")
        return input[at : at + len(quote)]

    def prompt_lines(self, spec: Spec) -> list[str]:
        return ['Answer in JSON: {"quotes": ["..."]}']

    def is_empty(self, answer: Answer) -> bool:
        return not answer["quotes"]

    def line(self, answer: Answer) -> str:
        return " | ".join(answer["quotes"]) or "no quote"

    def entered(self, fields: Entered) -> Any:
        return {"quotes": [line for line in first(fields, "quotes").split("\n") if line]}

    def fields(
        self, spec: Spec, proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        return {"lines": "\n".join((current or {}).get("quotes", [])), "longest": len(str(input))}

    def difference(self, one: Answer, other: Answer) -> str:
        return " ".join(f"Not quoted: {quote}." for quote in one["quotes"] if quote not in other["quotes"])


class QuoteScorer(Scorer):
    """F1 of quotes, from summed counts."""

    main = "quote_f1"
    title = "quote F1"
    columns = (("quote_f1", "Quote F1", "Over all quotes of all cases"),)

    def _count(self, case: Scored) -> Counts:
        expected, got = set(case.expected["quotes"]), set((case.read or {"quotes": []})["quotes"])
        return Counts(len(expected & got), len(got - expected), len(expected - got))

    def case_scores(self, case: Scored) -> dict[str, float]:
        return {"f1": self._count(case).f1}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        return {"quote_f1": self.main_value(cases)}

    def parts(self, case: Scored) -> list[float]:
        counts = self._count(case)
        return [2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn]

    def figure(self, sums: Any, cases: int) -> Any:
        return sums[0] / (sums[1] + 1e-9)

    def main_value(self, cases: Sequence[Scored]) -> float:
        return sum(map(self._count, cases), Counts()).f1


class Judgment(Kind):
    """An object of the project's own schema, said of a conversation."""

    name = "toy_judgment"
    title = "Toy judgment"
    about = "A judgment in a schema of its own."
    input = CONVERSATION
    has_schema = True

    def check(self, spec: Spec) -> None:
        if spec.schema is None:
            raise SpecError("A judgment needs a schema.")

    def schema(self, spec: Spec) -> dict[str, Any] | None:
        return spec.schema

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        for error in Draft202012Validator(spec.schema or {}).iter_errors(value):
            raise AnswerError(error.message)
        return dict(value)

    def read(self, spec: Spec, value: Any, input: Input | None, repairs: list[str]) -> Answer:
        return self.canonical(spec, value, input)

    def line(self, answer: Answer) -> str:
        return ", ".join(f"{name} {value}" for name, value in answer.items())

    def entered(self, fields: Entered) -> Any:
        return {"mood": first(fields, "mood")}

    def fields(
        self, spec: Spec, proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        return {"mood": (current or {}).get("mood", ""), "turns": len(input or [])}

    def difference(self, one: Answer, other: Answer) -> str:
        return "" if one == other else f"{self.line(one)} became {self.line(other)}."


class JudgmentScorer(Scorer):
    """Right or wrong, as a whole."""

    main = "exact"
    title = "judgments"

    def case_scores(self, case: Scored) -> dict[str, float]:
        return {}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        return {}

    def parts(self, case: Scored) -> list[float]:
        return [float(self.is_exact(case))]


TEMPLATES = {
    "answers/toy_quotes.html": "{% for quote in answer.quotes %}<q>{{ quote }}</q>{% endfor %}",
    "fields/toy_quotes.html": '<textarea name="quotes" data-of="{{ fields.longest }}">{{ fields.lines }}</textarea>',
    "answers/toy_judgment.html": "<b>{{ answer.mood }}</b>",
    "fields/toy_judgment.html": '<input name="mood" value="{{ fields.mood }}"> of {{ fields.turns }} turns',
}


def register(monkeypatch: Any, settings: Any, folder: Path) -> None:
    """Both kinds, until the test ends."""
    kinds: list[tuple[Kind, Scorer]] = [(Quotes(), QuoteScorer()), (Judgment(), JudgmentScorer())]
    for kind, scorer in kinds:
        monkeypatch.setitem(KINDS, kind.name, kind)
        monkeypatch.setitem(SCORERS, kind.name, scorer)
    for name, content in TEMPLATES.items():
        path = folder / "labeling" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    engine, *others = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], folder]}, *others]
