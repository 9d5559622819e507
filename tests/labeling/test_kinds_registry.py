"""Every kind of answer is whole: reader, form, templates, scorer and baseline; and nobody outside knows their names."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.template.loader import get_template, render_to_string

from evaluation.metrics import summary
from evaluation.scorers import SCORERS, Scored, Task
from labeling import prompts
from labeling.answers import Status, parse
from labeling.kinds import KINDS, Answer, LabelDef, Spec, SpecError, canonical, json_schema, kind_choices
from labeling.kinds.inputs import CONVERSATION, INPUTS
from tests.common.test_sources import ROOT, sources
from tests.records import BILL, SCHEMA

# An answer to each kind, in its stored form.
ANSWERS: dict[str, Answer] = {
    "multi_label": {"labels": ["a", "b"]},
    "single_label": {"label": "b"},
    "spans": {"spans": [{"label": "b", "start": 0, "end": 4, "text": "What"}]},
    "text": {"text": "Dear Ana"},
    "record": BILL,
}
# Of the kinds whose schema is the project's own.
SCHEMAS: dict[str, dict[str, object]] = {"record": SCHEMA}
# The constant of a kind whose answer to one text says nothing of another.
CONSTANTS: dict[str, Answer] = {"spans": {"spans": []}}
ROOMS = ("labeling/kinds/", "evaluation/scorers/")


def spec_of(name: str) -> Spec:
    labels = (LabelDef("a"), LabelDef("b")) if KINDS[name].has_labels else ()
    return Spec(name, "Do it.", labels, schema=SCHEMAS.get(name))


def test_every_kind_has_a_scorer_and_an_example_here() -> None:
    assert SCORERS.keys() == KINDS.keys() == ANSWERS.keys() == dict(kind_choices()).keys()


@pytest.mark.parametrize("name", KINDS)
def test_what_a_model_is_taught_to_write_is_read_back(name: str) -> None:
    spec, input = spec_of(name), KINDS[name].input.of_text("What is it?")
    row = prompts.training_row(spec, input, ANSWERS[name])
    parsed = parse(row["completion"][0]["content"], spec, prompts.input_of(spec, row["prompt"]))
    assert (parsed.answer, parsed.status) == (ANSWERS[name], Status.STRICT)
    assert (json_schema(spec) is not None) == KINDS[name].is_json
    assert canonical(spec, ANSWERS[name], input) == ANSWERS[name]


@pytest.mark.parametrize("name", KINDS)
def test_its_form_gives_back_what_it_shows(name: str) -> None:
    kind, spec, answer = KINDS[name], spec_of(name), ANSWERS[name]
    input = kind.input.of_text("What is it?")
    fields = kind.fields(spec, answer, answer, input)
    html = render_to_string(f"labeling/fields/{name}.html", {"fields": fields, "project": None})
    sent: dict[str, list[str]] = {}
    typed = re.findall(r'<input type="text" name="(\w+)" value="([^"]*)"', html)
    for field, value in [*typed, *re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)" checked', html)]:
        sent.setdefault(field, []).append(value)
    for field, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        sent.setdefault(field, []).append("".join(re.findall(r'value="([^"]*)" selected', options)))
    sent |= {field: [value] for field, value in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', html)}
    values = r'<input type="(?:text|date)" [^>]*name="(/[^"]+)" value="([^"]*)"'
    sent |= {field: [value] for field, value in re.findall(values, html)}
    sent |= {field: ["true"] for field in re.findall(r'name="(/[^"]+)" value="true" checked', html)}
    sent = {field: [unescape(value) for value in values] for field, values in sent.items()}
    assert canonical(spec, kind.entered(sent), input) == answer
    assert kind.shown_again(spec, kind.entered(sent)) == answer


@pytest.mark.parametrize("name", KINDS)
def test_people_can_read_it(name: str) -> None:
    kind, answer = KINDS[name], ANSWERS[name]
    html = render_to_string(f"labeling/answers/{name}.html", {"answer": answer})
    assert all(part in html for part in kind.line(answer).split(", "))
    assert kind.difference(answer, answer) == ""
    assert not kind.is_empty(answer)
    assert get_template(f"labeling/inputs/{kind.input.name}.html")
    assert kind.input.name in INPUTS


@pytest.mark.parametrize("name", SCORERS)
def test_its_scorer_gives_the_figures_that_it_names_and_a_constant(name: str) -> None:
    scorer, answer = SCORERS[name], ANSWERS[name]
    cases = [Scored(answer, answer), Scored(answer, None, Status.FAILED)]
    figures = summary(scorer, cases)
    assert {column for column, _, _ in scorer.columns} <= figures.keys()
    assert figures["main_metric"] == scorer.main
    assert figures["main"] == figures[scorer.main] == scorer.main_value(cases)
    sums = [sum(values) for values in zip(*map(scorer.parts, cases), strict=True)]
    assert scorer.figure(sums, len(cases)) == pytest.approx(figures["main"])
    assert scorer.baselines["constant"].run([("x", answer)], [("y", answer)], Task()) == [
        Scored(answer, CONSTANTS.get(name, answer))
    ]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.has_schema])
def test_a_kind_without_a_schema_of_ones_own_refuses_one(name: str) -> None:
    labels = (LabelDef("a"),) if KINDS[name].has_labels else ()
    with pytest.raises(SpecError, match="takes no schema"):
        Spec(name, "Do it.", labels, schema={"type": "object"})


def test_a_conversation_is_checked_and_found_again_in_its_prompt() -> None:
    turns = [{"role": "user", "content": "a "}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    asked = CONVERSATION.check(turns)
    assert CONVERSATION.text(asked) == "user: a\n\nassistant: b\n\nuser: c"
    sent = CONVERSATION.turns("Say: {text}!", asked)
    assert sent[-1]["content"] == "Say: c!"
    assert CONVERSATION.of_turns("Say: {text}!", sent) == asked


def compares_a_kind(tree: ast.AST) -> Iterator[int]:
    """Lines that compare with a kind's name, choose by it, or import a single kind."""
    names, telling = set(KINDS), set(KINDS) - {"text"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            said = {each.value for side in sides for each in ast.walk(side) if isinstance(each, ast.Constant)}
            asks = any(isinstance(side, ast.Attribute | ast.Name) and _called(side) == "kind" for side in sides)
            if said & (names if asks else telling):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            if telling & {key.value for key in node.keys if isinstance(key, ast.Constant)}:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module in {f"labeling.kinds.{name}" for name in names}:
            yield node.lineno


def _called(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def test_nothing_outside_the_rooms_compares_a_kinds_name() -> None:
    found = [
        f"{name}:{line}" for name, tree in sources() if not name.startswith(ROOMS) for line in compares_a_kind(tree)
    ]
    assert not found, "ask the kind for a capability (labeling/kinds/base.py)"


def test_no_template_and_no_script_compares_a_kinds_name() -> None:
    compared = re.compile(rf"(==|!=|\bin\b)\s*['\"]({'|'.join(KINDS)})['\"]")
    paths = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static" / "js").glob("*.js")]
    found = [str(Path(path).relative_to(ROOT)) for path in paths if compared.search(path.read_text(encoding="utf-8"))]
    assert not found


@pytest.mark.parametrize(
    ("code", "is_bad"),
    [
        ('x = spec.kind == "text"', True),
        ('if "multi_label" == name: pass', True),
        ('x = kind in ("single_label", "text")', True),
        ('METHODS = {"multi_label": 1}', True),
        ("from labeling.kinds.multi_label import MultiLabel", True),
        ('x = kind_of(spec).has_labels and name == "text"', False),
        ('make_project(kind="multi_label")', False),
    ],
)
def test_the_check_finds_what_it_looks_for(code: str, is_bad: bool) -> None:
    assert bool(list(compares_a_kind(ast.parse(code)))) == is_bad
