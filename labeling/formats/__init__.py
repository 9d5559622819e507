"""Formats of files: each writer is a class, and `WRITERS` is the registry. Pure."""

from labeling.formats.annotators import Doccano, Prodigy
from labeling.formats.base import Answered, Decision, Golden, Item, LeftOut, Proposal, Writer
from labeling.formats.complete import Complete
from labeling.formats.label_studio import LabelStudio
from labeling.formats.plain import PlainCsv, PlainJsonl
from labeling.formats.training import Alpaca, OpenAiChat

WRITERS: dict[str, type[Writer]] = {
    writer.name: writer
    for writer in (Complete, PlainJsonl, PlainCsv, LabelStudio, Doccano, Prodigy, OpenAiChat, Alpaca)
}

__all__ = [
    "WRITERS",
    "Answered",
    "Decision",
    "Golden",
    "Item",
    "LeftOut",
    "Proposal",
    "Writer",
]
