"""Chat marks inside texts, broken so that a text cannot end its own turn and speak as somebody else.

Chat templates and llama.cpp parse such marks as control tokens wherever they stand. Two lists are broken, one after the
other: a generous one, by shape, which needs no model and so holds for texts in snapshots, for models of a server's own
catalogue and before any version exists; and the version's own, taken from its tokenizer (`common.marks`), which
training breaks when it reads its rows and serving when it asks. They are found in one pass: each expression looks at a
character of the text a fixed number of times, whatever the text is.
"""

import re

from common.marks import break_marks

# Every `<|...|>` and `[|...|]` mark has one of these halves, so breaking the halves covers marks that nobody has heard
# of (U+FF5C is the bar of DeepSeek's marks).
_HALF = re.compile(r"<(?=[|\uff5c])|[|\uff5c](?=>)|\[(?=\|)|\|(?=\])")
# The others are marks of known families: SentencePiece's, Llama 2's, GLM-4's, InternLM's, CodeLlama's, Seed-OSS's,
# and angle-bracket names with an underscore (Gemma's turns, SmolLM2's code marks). A name with an underscore is read up
# to its first one, then to its end, which is one way to read it: `\w*_\w*` has as many as there are underscores, and
# twenty thousand of them took two seconds.
_NAMES = (
    r"s|bos|eos|pad|unk|mask|cls|sep|think|reponame|filename|tool_call|unused\d+|sop|eop|eot|eoh|eoa|bot"
    r"|seed:\w*|(?-i:PRE|SUF|MID|EOT)|[^\W_]*_\w*"
)
# In square brackets: Mistral's, old and new, GLM-4's, InternLM's; and MiniMax's, which are odd.
_WORDS = (
    r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|CALL_ID|BEGIN_AUDIO|"
    r"IMG_BREAK|IMG_END|IMG|PREFIX|SUFFIX|MIDDLE|THINK|ARGS|AUDIO|[gs]?MASK|BOS|EOS|PAD|UNK|CLS|SEP|UNUSED_TOKEN_\d+"
)
_MARK = re.compile(
    rf"<(?=/?(?:{_NAMES})>)|<(?=</?SYS>>)|\[(?=/?(?:{_WORDS})\])"
    r"|\](?=~[a-z]\])|\](?=![a-z]~\[)|\[(?=[a-z]~\[)|◁(?=/?think▷)",
    re.IGNORECASE,
)


def neutralise(text: str, own: tuple[str, ...] = ()) -> str:
    """`text` with every chat mark broken by one space: `<|im_end|>` becomes `< |im_end| >`, `[INST]` `[ INST]`.

    `own` are the marks of the version that is asked. The change can be seen by whoever reads the prompt, and applying
    it twice changes nothing more.
    """
    return break_marks(_MARK.sub(_with_space, _HALF.sub(_with_space, text)), own)


def not_broken(marks: tuple[str, ...]) -> tuple[str, ...]:
    """Of a version's own marks those that the generous list leaves whole: the ones to keep with it."""
    return tuple(mark for mark in marks if neutralise(mark) == mark)


def _with_space(match: re.Match[str]) -> str:
    return f"{match.group()} "
