"""Chat marks inside texts, broken so that a text cannot end its own turn and speak as somebody else.

Chat templates and llama.cpp parse such marks as control tokens wherever they stand. They are found in one pass: each
expression looks at a character of the text a fixed number of times, whatever the text is.
"""

import re

# Every `<|...|>` mark has one of these halves, so breaking the halves covers marks we have never heard of
# (U+FF5C is the bar of DeepSeek's marks). The others are marks of known model families: SentencePiece's,
# Mistral's, Llama 2's, and angle-bracket names with an underscore (Gemma's turns, SmolLM2's code marks).
_HALF = re.compile(r"<(?=[|\uff5c])|[|\uff5c](?=>)")
# A name with an underscore is read up to its first one, then to its end, which is one way to read it: `\w*_\w*` has as
# many as there are underscores, and twenty thousand of them took two seconds.
_NAMES = r"s|bos|eos|pad|unk|mask|cls|sep|think|reponame|filename|tool_call|unused\d+|[^\W_]*_\w*"
_MARK = re.compile(
    rf"<(?=/?(?:{_NAMES})>)|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|IMG|PREFIX|SUFFIX|MIDDLE)\])",
    re.IGNORECASE,
)


def neutralise(text: str) -> str:
    """`text` with every chat mark broken by one space: `<|im_end|>` becomes `< |im_end| >`, `[INST]` `[ INST]`.

    The change can be seen by whoever reads the prompt, and applying it twice changes nothing more.
    """
    return _MARK.sub(_with_space, _HALF.sub(_with_space, text))


def _with_space(match: re.Match[str]) -> str:
    return f"{match.group()} "
