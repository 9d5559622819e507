"""Modelfiles: the record of what is served, written and read back without loss.

The grammar is that of Ollama's command line (its server knows none): keywords in any case; `#` starts a comment
only where a command could stand; a value is the rest of the line, or stands in quotes or triple quotes that may
span lines. There are no escapes: a quoted value ends at the first line that ends with its quotes, and characters
that cannot be printed (no-break spaces, joiners, control characters) are dropped in silence. What this grammar
cannot carry is refused here with a clear error instead of being changed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployment.modelfile.parameters import ModelfileError, ParameterValue, check_parameter, parse_parameter

__all__ = ["Modelfile", "ModelfileError", "parse", "printable", "render"]

ROLES = ("system", "user", "assistant")
_SINGLE = ("from", "adapter", "template", "system")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LINE_END = re.compile(r"[\r\n]")
_PATH = re.compile(r"[./~]|[A-Za-z]:\\")
_QUOTES = ('"""', '"')
_COMMAND = re.compile(r"([A-Za-z]+)[ \t]")
_WORD = re.compile(r"([A-Za-z0-9_]+)[ \t]")


@dataclass(frozen=True)
class Modelfile:
    """The content of a Modelfile. None means that the command is absent; an empty text is kept as such.

    `parameters` are (name, value) pairs in order; only `stop` may repeat. `messages` are (role, text) pairs.
    Raises `ModelfileError`, naming the fault, when a value cannot be written or a parameter is unknown or ill-typed.
    """

    from_: str
    template: str | None = None
    system: str | None = None
    parameters: tuple[tuple[str, ParameterValue], ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    adapter: str | None = None
    license: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.from_:
            raise ModelfileError("FROM is empty; name a model or a file.")
        names = [name for name, _ in self.parameters]
        for name, value in self.parameters:
            check_parameter(name, value)
            if name != "stop" and names.count(name) > 1:
                raise ModelfileError(f"The parameter {name} is there {names.count(name)} times; keep one.")
        for role, _ in self.messages:
            if role not in ROLES:
                raise ModelfileError(f"{role!r} is no role of a message; choose one of {', '.join(ROLES)}.")
        for comment in self.comments:
            if _NEWLINE.search(comment):
                raise ModelfileError("A comment has a line break; give one comment a line.")
        for keyword, value in _values(self):
            _quoted(keyword, value)


def printable(text: str) -> str:
    """`text` with every character that Ollama would drop replaced by a space (line breaks and tabs stay)."""
    return "".join(char if char.isprintable() or char in "\n\r\t" else " " for char in text)


def render(modelfile: Modelfile) -> str:
    """The Modelfile's text; `parse` gives back an equal `Modelfile`."""
    comments = [f"# {comment}" if comment else "#" for comment in modelfile.comments]
    commands = [f"{keyword} {_quoted(keyword, value)}" for keyword, value in _values(modelfile)]
    return "\n".join([*comments, *commands, ""])


def parse(text: str) -> Modelfile:
    """The Modelfile in `text`. Raises `ModelfileError` with the line number.

    A repeated ADAPTER, TEMPLATE or SYSTEM keeps the last, `stop`, MESSAGE and LICENSE add up.
    """
    single: dict[str, str] = {}
    many: dict[str, list[str]] = {"#": [], "license": []}
    parameters: dict[object, tuple[str, ParameterValue]] = {}
    messages: list[tuple[str, str]] = []
    for line, keyword, name, value in _commands(text.removeprefix("\ufeff")):
        if keyword == "parameter":
            _keep_parameter(parameters, name, value, line)
        elif keyword == "message":
            messages.append((name, value))
        elif keyword in many:
            many[keyword].append(value)
        elif keyword == "from" and keyword in single:
            raise ModelfileError(f"Line {line}: a second FROM; keep one.")
        else:
            single[keyword] = value
    if "from" not in single:
        raise ModelfileError("There is no FROM line.")
    return Modelfile(
        from_=single["from"],
        template=single.get("template"),
        system=single.get("system"),
        parameters=tuple(parameters.values()),
        messages=tuple(messages),
        adapter=single.get("adapter"),
        license=tuple(many["license"]),
        comments=tuple(many["#"]),
    )


def _values(modelfile: Modelfile) -> Iterator[tuple[str, str]]:
    """Every command of the file in order: its words before the value, and the value."""
    for keyword in _SINGLE:
        value = getattr(modelfile, "from_" if keyword == "from" else keyword)
        if value is not None:
            yield keyword.upper(), value
    for name, parameter in modelfile.parameters:
        yield f"PARAMETER {name}", str(parameter).lower() if isinstance(parameter, bool) else str(parameter)
    for role, content in modelfile.messages:
        yield f"MESSAGE {role}", content
    for text in modelfile.license:
        yield "LICENSE", text


def _quoted(keyword: str, value: str) -> str:
    """The value as it must be written; raises where no way of writing it would be read back."""
    dropped = next((char for char in value if not char.isprintable() and char not in "\n\r\t"), None)
    if dropped is not None:
        raise ModelfileError(
            f"{keyword}: Ollama would drop the character {dropped!a} without a word; remove or replace it."
        )
    if value and value == value.strip() and not value.startswith('"') and not _NEWLINE.search(value):
        return value
    if any(line.rstrip().endswith('"""') for line in _NEWLINE.split(value)[:-1]):
        raise ModelfileError(
            f'{keyword}: a line of the value ends with """, where Ollama would end the value; '
            "put another character after it."
        )
    return f'"""{value}"""'


def _commands(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line number, keyword, parameter's name or message's role, value) of every command and comment."""
    position, line, counted = 0, 1, 0
    while position < len(text):
        if text[position] in " \t\r\n":
            position += 1
            continue
        line, counted = line + len(_NEWLINE.findall(text, counted, position)), position
        if text[position] == "#":
            end = _line_end(text, position)
            yield line, "#", "", text[position + 1 : end].removeprefix(" ")
            position = end
            continue
        keyword, name, position = _head(text, position, line)
        value, position = _value(text, position, line)
        yield line, keyword, name, value


def _head(text: str, position: int, line: int) -> tuple[str, str, int]:
    """Keyword, second word (empty but for PARAMETER and MESSAGE), and where the value begins."""
    match = _COMMAND.match(text, position)
    keyword = match[1].lower() if match else ""
    if match is None or keyword not in (*_SINGLE, "parameter", "message", "license"):
        word = text[position : _line_end(text, position)].split(" ")[0][:40]
        raise ModelfileError(f"Line {line}: {word!r} is no command that is used here, or has no value.")
    if keyword not in ("parameter", "message"):
        return keyword, "", match.end()
    second = _WORD.match(text, match.end())
    if second is None:
        raise ModelfileError(f"Line {line}: {keyword.upper()} needs a name, one space before it, and a value.")
    return keyword, second[1], second.end()


def _value(text: str, position: int, line: int) -> tuple[str, int]:
    """The value that begins at `position`, without quotes, and where it ends: at the first line that closes it."""
    end = _line_end(text, position)
    opened = _as_read(text[position:end]).strip()
    if _unquoted(opened) is None:
        quote = next(quote for quote in _QUOTES if opened.startswith(quote))
        closing = False
        while not closing:
            if end >= len(text):
                raise ModelfileError(f"Line {line}: the quotes of this value are never closed.")
            # Each line is looked at once: it closes the value where it ends with the quotes.
            begin, end = end + 1, _line_end(text, end + 1)
            closing = _as_read(text[begin:end]).rstrip().endswith(quote)
    return _unquoted(_as_read(text[position:end]).strip()) or "", end


def _as_read(text: str) -> str:
    """`text` as Ollama reads it: what cannot be printed is dropped, before quotes are looked at."""
    return "".join(char for char in text if char.isprintable() or char in "\n\r\t")


def _unquoted(value: str) -> str | None:
    """The value without its quotes, None where they are still open."""
    for quote in _QUOTES:
        if value.startswith(quote):
            closed = len(value) >= 2 * len(quote) and value.endswith(quote)
            return value[len(quote) : -len(quote)] if closed else None
    return value


def _line_end(text: str, position: int) -> int:
    match = _LINE_END.search(text, position)
    return match.start() if match else len(text)


def _keep_parameter(kept: dict[object, tuple[str, ParameterValue]], name: str, value: str, line: int) -> None:
    """Add a parameter at the end; but for `stop`, the last of a name is the one that counts."""
    try:
        parsed = parse_parameter(name, value)
    except ModelfileError as error:
        raise ModelfileError(f"Line {line}: {error}") from None
    key = line if name == "stop" else name
    kept.pop(key, None)
    kept[key] = (name, parsed)
