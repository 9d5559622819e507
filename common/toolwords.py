"""What a tool says when it fails, put for people: one sentence in front, all that it said behind.

The convention of every `error` text that is kept: its first paragraph is the sentence, the rest is folded away.
"""

import re
from dataclasses import dataclass

# Of a log so many lines are kept, and so many read, each so far.
LINES, READ, WIDTH = 40, 100, 300
# What tools say, and what it means. The first that fits is taken.
_MEANINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"max\(tokenizer\.vocab\.values\(\)\) < vocab_size"),
        "The tokenizer knows more tokens than the weights have rows for (`vocab_size` in config.json). Take the "
        "tokenizer and the weights from the same model.",
    ),
    (
        re.compile(r"^KeyError: ['\"]?(?P<key>[\w.]+)", re.MULTILINE),
        "Something that it needs is missing from the model's configuration: `{key}`. Compare config.json with the "
        "one that the model's makers publish.",
    ),
    (
        re.compile(r"Model (?P<key>\w+) is not supported"),
        "The converter does not know the architecture {key}. Take a base of another family, or a newer converter.",
    ),
    (
        re.compile(r"No space left on device"),
        "The disk is full. Make room on it, then try again.",
    ),
    (
        re.compile(r"out of memory|MemoryError|Cannot allocate memory", re.IGNORECASE),
        "There was not enough memory. Stop what else runs on this host, or take a smaller base model.",
    ),
    (
        re.compile(r"(?P<key>\S*(?:safetensors|\.bin)\S*).*(?:No such file|does not exist|not found)"),
        "A file of weights is missing: {key}. Copy the whole folder of the base model again.",
    ),
)
_RAISED = re.compile(r"^(?:\w+\.)*(?P<kind>[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning))(?:: (?P<text>.*))?$")


# In front of each line of a log of ours.
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d [\d:,.]+ [A-Z]+ \S+ ")


@dataclass(frozen=True)
class Words:
    """A sentence, and the end of the log behind it."""

    sentence: str
    details: str = ""

    @classmethod
    def of(cls, log: str, *, doing: str) -> "Words":
        """What the log of a failed tool comes to; `doing` names what it was to do."""
        lines = [line[:WIDTH] for line in log.strip().splitlines()[-READ:]]
        return cls(f"{doing} failed. {_meaning(lines)}", "\n".join(lines[-LINES:]))

    @classmethod
    def kept(cls, error: str) -> "Words":
        """The words of a text that was kept as one."""
        sentence, _, details = error.partition("\n\n")
        if "\n" in sentence and not details:
            sentence, _, details = sentence.partition("\n")
        return cls(sentence, details)

    def __str__(self) -> str:
        return f"{self.sentence}\n\n{self.details}" if self.details and self.details != self.sentence else self.sentence


def _meaning(lines: list[str]) -> str:
    log = "\n".join(lines)
    for pattern, meaning in _MEANINGS:
        found = pattern.search(log)
        if found:
            return meaning.format(**found.groupdict())
    return _last_words(lines) or "It said nothing."


def _last_words(lines: list[str]) -> str:
    """The last thing that was raised, else the last line, as a sentence."""
    lines = [_STAMP.sub("", line.strip()) for line in lines if line.strip()]
    for line in reversed(lines):
        raised = _RAISED.match(line)
        if raised:
            return _sentence(raised["text"] or raised["kind"])
    return _sentence(lines[-1]) if lines else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
