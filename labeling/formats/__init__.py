"""Formats of files: writers, and the shapes of rows that are read, each a class in a registry. Pure."""

from typing import Any

from labeling.formats.annotations import Argilla, CompleteRows, DoccanoRows, Examples, Tasks, given_of
from labeling.formats.annotators import Doccano, Prodigy
from labeling.formats.base import Answered, Golden, Item, LeftOut, Writer
from labeling.formats.chats import AlpacaRows, ChatRows, Completions, Langfuse, OpenWebUi, Questions, ShareGpt
from labeling.formats.complete import Complete
from labeling.formats.label_studio import LabelStudio
from labeling.formats.plain import PlainCsv, PlainJsonl, PlainTsv
from labeling.formats.shapes import Plain, Shape, ShapeError, Told
from labeling.formats.tagged import Conll, TaggedRows
from labeling.formats.training import Alpaca, OpenAiChat, PromptCompletion, QuestionAnswer, ShareGptJson

WRITERS: dict[str, type[Writer]] = {
    writer.name: writer
    for writer in (
        Complete, PlainJsonl, PlainCsv, PlainTsv, LabelStudio, Doccano, Prodigy, Conll, OpenAiChat, PromptCompletion,
        ShareGptJson, Alpaca, QuestionAnswer,
    )
}  # fmt: skip
# In this order they are asked whether they know a row: those that look for the most of their own come first.
SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        CompleteRows(), Examples(), Argilla(), OpenWebUi(), Langfuse(), Tasks(), ChatRows(), ShareGpt(), AlpacaRows(),
        Completions(), TaggedRows(), DoccanoRows(), Questions(),
    )
}  # fmt: skip


def shape_of(records: list[dict[str, Any]]) -> Shape | None:
    """The shape that most of these rows have, of more than half; None where they have none."""
    for shape in SHAPES.values():
        if sum(map(shape.fits, records)) * 2 > len(records):
            return shape
    return None


__all__ = [
    "SHAPES",
    "WRITERS",
    "Answered",
    "Golden",
    "Item",
    "LeftOut",
    "Plain",
    "Shape",
    "ShapeError",
    "Told",
    "Writer",
    "given_of",
    "shape_of",
]
