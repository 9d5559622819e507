"""Modelfiles are written and read back without loss, and what Ollama would change is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deployment.modelfile.grammar import Modelfile, ModelfileError, parse, printable, render
from deployment.modelfile.parameters import PARAMETERS

pytestmark = pytest.mark.pure

FULL = Modelfile(
    from_="/models/v3.gguf",
    template="{{ .Prompt }}",
    system='You are "Tag".\nBe short.',
    parameters=(("temperature", 0.0), ("stop", "<|im_end|>"), ("num_ctx", 2048), ("stop", " #"), ("use_mmap", False)),
    messages=(("user", "a: b"), ("assistant", "")),
    adapter="/models/a.gguf",
    license=("CC0",),
    comments=("support-tags v3", "", "  gate: passed"),
)


def test_a_full_modelfile_as_text() -> None:
    assert render(FULL) == (
        '# support-tags v3\n#\n#   gate: passed\nFROM /models/v3.gguf\nADAPTER /models/a.gguf\n'
        'TEMPLATE {{ .Prompt }}\nSYSTEM """You are "Tag".\nBe short."""\nPARAMETER temperature 0.0\n'
        'PARAMETER stop <|im_end|>\nPARAMETER num_ctx 2048\nPARAMETER stop """ #"""\nPARAMETER use_mmap false\n'
        'MESSAGE user a: b\nMESSAGE assistant """"""\nLICENSE CC0\n'
    )  # fmt: skip
    assert parse(render(FULL)) == FULL


def test_the_grammar_of_files_written_by_others() -> None:
    text = (
        '\ufeff  # one\r\nfrom  base:latest \r\n\r\nSystem "two\r\nlines"  \r\nPARAMETER temperature 1\n'
        'parameter temperature .5\nPARAMETER stop "a"\nPARAMETER stop """b"c"""\nADAPTER ./x\nADAPTER ./y\n'
        'TEMPLATE not # a comment\nMessage user hi\nLICENSE """x"""y"""'
    )
    assert parse(text) == Modelfile(
        from_="base:latest",
        template="not # a comment",
        system="two\r\nlines",
        parameters=(("temperature", 0.5), ("stop", "a"), ("stop", 'b"c')),
        messages=(("user", "hi"),),
        adapter="./y",
        license=('x"""y',),
        comments=("one",),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SYSTEM x", "no FROM"),
        ("FROM a\nFROM b", "Line 2: a second FROM"),
        ("FROM a\n\nRUN x", "Line 3: 'RUN'"),
        ("FROM a\nRENDERER x", "'RENDERER'"),
        ("FROM a\nSYSTEM\n", "has no value"),
        ('FROM a\nSYSTEM """x\ny', "Line 2: the quotes"),
        ("FROM a\nPARAMETER  stop x", "PARAMETER needs a name"),
        ("FROM a\nPARAMETER warmth 1", "Line 2: Unknown parameter 'warmth'"),
        ("FROM a\nPARAMETER num_ctx many", "Line 2: The parameter num_ctx must be a whole number, not 'many'"),
        ("FROM a\nPARAMETER use_mmap maybe", "true or false"),
        ("FROM a\nMESSAGE tool x", "'tool' is no role"),
        ('FROM ""', "FROM is empty"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ModelfileError, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"system": 'a """\nb'}, 'SYSTEM: a line of the value ends with """'),
        ({"system": '"""\nb'}, "ends with"),
        ({"messages": (("user", 'x"""  \r\ny'),)}, "MESSAGE user"),
        ({"system": "a\u00a0b"}, r"SYSTEM: Ollama would drop the character '\\xa0'"),
        ({"template": "a\u200db"}, "u200d"),
        ({"comments": ("a\nb",)}, "line break"),
        ({"parameters": (("num_ctx", True),)}, "whole number, not True"),
        ({"parameters": (("num_ctx", 2.5),)}, "whole number"),
        ({"parameters": (("num_ctx", 2**63),)}, "whole number"),
        ({"parameters": (("temperature", float("nan")),)}, "a number"),
        ({"parameters": (("stop", 3),)}, "a text"),
        ({"parameters": (("num_ctx", 1), ("num_ctx", 2))}, "2 times"),
    ],
)
def test_what_cannot_be_written_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelfileError, match=says):
        Modelfile(from_="a", **values)


def test_a_value_can_be_made_printable() -> None:
    assert printable("a\u00a0b\u200dc\td\n") == "a b c\td\n"


@pytest.mark.parametrize(
    "value", ['x"""y', 'x"""', '"""', '""', '"', '"a', 'a"', '""\nb', '\n"""', " a\n", "", "# a", "\t"]
)
def test_awkward_quotes_survive(value: str) -> None:
    modelfile = Modelfile(from_="a", system=value, template="after")
    assert parse(render(modelfile)) == modelfile


VALUES = st.one_of(
    st.text(), st.lists(st.sampled_from(['"', '"""', "\n", "\r", " ", "\t", "x", "#", "FROM b"])).map("".join)
)
BY_TYPE = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    str: VALUES,
}
PAIRS = st.sampled_from(sorted(PARAMETERS)).flatmap(lambda name: st.tuples(st.just(name), BY_TYPE[PARAMETERS[name]]))


@settings(deadline=None)
@given(
    *[st.one_of(st.none(), VALUES)] * 3,
    st.lists(PAIRS, max_size=5),
    st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), VALUES), max_size=3),
    st.lists(VALUES, max_size=2),
    st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n")), max_size=3),
)
def test_whatever_is_accepted_is_read_back_the_same(
    system: str, template: str, adapter: str, parameters: Any, messages: Any, license: Any, comments: Any
) -> None:
    try:
        modelfile = Modelfile(
            "base", template, system, tuple(parameters), tuple(messages), adapter, tuple(license), tuple(comments)
        )
    except ModelfileError:
        assume(False)
    assert parse(render(modelfile)) == modelfile


@settings(deadline=None)
@given(VALUES)
def test_most_values_are_accepted(value: str) -> None:
    """Only the two faults that the grammar really has are refused."""
    ends_early = any(line.rstrip().endswith('"""') for line in value.replace("\r", "\n").split("\n")[:-1])
    if ends_early or printable(value) != value:
        with pytest.raises(ModelfileError):
            Modelfile(from_="a", system=value)
    else:
        assert parse(render(Modelfile(from_="a", system=value))).system == value


@settings(deadline=None)
@given(st.text())
def test_no_text_crashes_the_parser(text: str) -> None:
    with suppress(ModelfileError):
        parse("FROM a\n" + text)
