"""A language model in the place of an encoder: how a question is written for it, as plain texts, without its template.

The engine takes the texts from the chat template and holds them against it (`training.engine.heads.frame`); a model
server writes questions by them, and so needs neither the template nor what renders it.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from common.encoder.record import EncoderRecord
from common.encoder.runtime import CHARACTERS_A_TOKEN, Tokens
from common.marks import break_marks


class Frame(BaseModel):
    """A question is `opening`, its turns, `closing`; the instruction stands in the opening.

    A user's turn is followed by `answering` and the assistant's, that one by `asking` and the user's; None where the
    template takes one turn alone. `strips_left`, `strips_right`: white space that goes from a turn. `marks`: those of
    the tokenizer, which are broken in turns (`common.marks`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    opening: str
    closing: str
    answering: str | None = None
    asking: str | None = None
    strips_left: bool = False
    strips_right: bool = False
    marks: tuple[str, ...] = ()

    def turns(self, messages: Sequence[Mapping[str, str]]) -> str:
        """What stands between opening and closing. Raises `ValueError` for turns that the template does not take."""
        said = [each for each in messages if each["role"] != "system"]
        if [each["role"] for each in said] != [("user", "assistant")[at % 2] for at in range(len(said))]:
            raise ValueError("turns of user and assistant, one after the other, are asked about")
        if len(said) % 2 == 0:
            raise ValueError("the last turn is to be the user's")
        if len(said) > 1 and (self.answering is None or self.asking is None):
            raise ValueError("this model is asked about one turn alone")
        between = (self.asking or "", self.answering or "")
        return "".join((between[at % 2] if at else "") + self._turn(each["content"]) for at, each in enumerate(said))

    def whole(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The question as the model reads it."""
        return f"{self.opening}{self.turns(messages)}{self.closing}"

    def _turn(self, text: str) -> str:
        text = break_marks(text, self.marks)
        text = text.lstrip() if self.strips_left else text
        return text.rstrip() if self.strips_right else text


class LanguageRecord(EncoderRecord):
    """One language model whose last hidden state is the vector, as it is. `limit`: tokens of the whole question."""

    frame: Frame


# Reads the record of either (`read_record`).
either: Callable[[Any], EncoderRecord] = TypeAdapter[EncoderRecord](LanguageRecord | EncoderRecord).validate_python


class LanguageReader:
    """Questions to tokens, as training reads them.

    Of what is longer than the limit the oldest pairs of turns are left out, then the end of the last turn is cut.
    """

    def __init__(self, record: LanguageRecord, tokenizer: Any) -> None:
        # What the file says of both was for its maker's batches.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._record, self._tokenizer = record, tokenizer

    def written(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The whole question as text, however long it is. Raises `ValueError` as `Frame.turns`."""
        return _clean(self._record.frame.whole(messages))

    def read(self, messages: Sequence[Mapping[str, str]]) -> Tokens:
        """The tokens of a question, however long it is. Raises `ValueError` as `Frame.turns`."""
        frame, limit = self._record.frame, self._record.limit
        whole = frame.turns(messages)
        said = frame.turns(self._newest(messages))
        turns = _clean(said[: limit * CHARACTERS_A_TOKEN])
        is_cut, begin = len(whole) > len(turns), len(frame.opening)
        found = self._encode(f"{frame.opening}{turns}{frame.closing}")
        while len(found.ids) > limit and turns:
            end = begin + len(turns)
            kept = [right for left, right in found.offsets if begin <= left < end]
            last = len(kept) - max(1, len(found.ids) - limit)
            turns = turns[: max(0, min(kept[last - 1] - begin, len(turns) - 1))] if last > 0 else ""
            is_cut, found = True, self._encode(f"{frame.opening}{turns}{frame.closing}")
        return Tokens(found.ids, is_cut, self._is_unknown(found, begin, begin + len(turns)))

    def ids(self, text: str) -> Sequence[int]:
        """The tokens of a text as it stands."""
        ids: Sequence[int] = self._encode(text).ids
        return ids

    def _newest(self, messages: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        """The turns without as many of the oldest pairs as do not fit; the last turn alone where it does not either."""
        said = [each for each in messages if each["role"] != "system"]
        pairs = len(said) // 2
        return said[2 * bisect_left(range(pairs), True, key=lambda left_out: self._fits(said[2 * left_out :])) :]

    def _fits(self, messages: Sequence[Mapping[str, str]]) -> bool:
        text, limit = self.written(messages), self._record.limit
        return len(text) <= limit * CHARACTERS_A_TOKEN and len(self._encode(text).ids) <= limit

    def _encode(self, text: str) -> Any:
        return self._tokenizer.encode(_clean(text), add_special_tokens=False)

    def _is_unknown(self, found: Any, begin: int, end: int) -> bool:
        unknown = self._record.unknown
        if unknown is None or unknown not in found.ids:
            return False
        read = [token for token, (left, _) in zip(found.ids, found.offsets, strict=True) if begin <= left < end]
        return 2 * read.count(unknown) > len(read)


def _clean(text: str) -> str:
    """Half a surrogate pair is no text to the tokenizer; a mark of one character stands for it."""
    return text.encode("utf-8", "replace").decode("utf-8")
