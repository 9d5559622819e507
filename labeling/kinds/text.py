"""Free text."""

from typing import Any

from common.text import plain_lines, storable
from labeling.apart import unfenced
from labeling.differences import Piece, pieces
from labeling.kinds.base import Answer, AnswerError, Entered, Kind, first
from labeling.kinds.inputs import Input
from labeling.kinds.reading import content_of
from labeling.kinds.spec import Spec


class FreeText(Kind):
    """`{"text": "..."}`; the model writes the text and nothing around it."""

    name = "text"
    title = "Free text"
    about = "Words of the model's own: a reply, a summary, a translation."
    is_json = False
    fits_every_spec = True

    def schema(self, spec: Spec) -> None:
        """There is none."""
        return

    def canonical(self, spec: Spec, value: Any, input: Input | None) -> Answer:
        """Takes a bare text, too; a fence around the whole that is none of code is not part of it."""
        content = content_of(value, "text")
        if not isinstance(content, str) or not content.strip():
            raise AnswerError("The answer is empty or no text; write the text of the answer.")
        return {"text": plain_lines(storable(unfenced(content))).strip()}

    def read(self, spec: Spec, value: Any, input: Input | None, repairs: list[str]) -> Answer:
        """The model's text, without white space around it."""
        if storable(value) != value:
            repairs.append("characters that cannot be stored replaced")
        return self.canonical(spec, value, input)

    def dumps(self, spec: Spec, answer: Answer, input: Input | None) -> str:
        """The text itself."""
        return str(answer["text"])

    def line(self, answer: Answer) -> str:
        """Its beginning."""
        return str(answer["text"])[:80]

    def entered(self, fields: Entered) -> Any:
        """The field's text."""
        return {"text": first(fields, "text")}

    def fields(
        self, spec: Spec, proposal: Answer | None, current: Answer | None, input: Input | None
    ) -> dict[str, Any]:
        """What stands in the field, and what the model proposed."""
        return {"text": (current or {}).get("text", ""), "proposed": (proposal or {}).get("text", "")}

    def difference(self, one: Answer, other: Answer) -> str:
        """That there is one."""
        return "" if one["text"] == other["text"] else "The texts differ."

    def pieces(self, before: Answer, after: Answer) -> list[Piece] | None:
        """The words that went and came."""
        return pieces(before["text"], after["text"])
