"""Whatever a text is made of, it is read in time that grows as it does: twice the text, at most three times the time.

Every regular expression of the project is listed, and tried or excused; so is every function that foreign text meets.
"""

import ast
import contextlib
import gc
import importlib
import io
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils.text import Truncator

from common import jsonbounds, jsonl
from common.addresses import AddressError, host_of
from common.environment import is_key_name
from common.marks import break_marks, marks_among
from common.text import nfkc, storable
from common.toolwords import Words
from deployment.artifacts.gguf.tokens import traps
from deployment.artifacts.modelfiles import difference
from deployment.modelfile import grammar
from deployment.modelfile.grammar import ModelfileError
from evaluation import text_metrics, text_tokens
from evaluation.bundles.reading import line_read
from evaluation.bundles.writing import line_of
from evaluation.methods.overlap import Overlap
from evaluation.verify import one_line
from labeling import answers, apart, differences, importers, kinds, loose_json, marks, prompts, splits
from labeling.formats import shape_of
from labeling.formats.plain import guarded, unguarded
from labeling.import_cells import ColumnMapping, ImportFormatError
from labeling.keys import is_key
from labeling.kinds import AnswerError, LabelDef, Spec
from labeling.kinds.record_formats import FORMATS
from labeling.kinds.words import find_names, given_names
from labeling.recognising import recognise
from tests.common.hostile import SHAPES, hostile
from tests.common.test_sources import sources
from tests.records import spec_of as bills_spec
from training.engine.forms import form_of

LENGTH = 100_000
SECONDS = 1.0
GROWTH = 3.0
# Shorter is not measured well enough to be compared.
FLOOR = 0.05

FEW = Spec("multi_label", "Tag it.", (LabelDef("billing"), LabelDef("a"), LabelDef("x y")))
MANY = Spec("multi_label", "Tag it.", tuple(LabelDef(f"billing {number}") for number in range(5_000)))
ONE = Spec("single_label", "Tag it.", (LabelDef("billing"), LabelDef("a")))
FREE = Spec("text", "Answer.")
OWN_MARKS = marks_among([*(f"<unused{number}>" for number in range(6_000)), "[/INST]", "<think>", "</SYS>", "<__>"])

# Every expression by where it stands: looked for anywhere in a text, or only at one place of it.
ANYWHERE = {
    "common.jsonl._ESCAPED",
    "common.text._UNSTORABLE",
    "deployment.modelfile.grammar._LINE_END",
    "deployment.modelfile.grammar._NEWLINE",
    "evaluation.methods.gazetteer._WORD",
    "evaluation.methods.overlap._ARTICLES",
    "evaluation.text_metrics._ARTICLES",
    "evaluation.text_metrics._PLAIN_WORD",
    "labeling.differences._WORDS",
    "labeling.formats.tagged._WORD",
    "labeling.import_cells._HALVES",
    "labeling.import_cells._NOT_UTF8",
    "labeling.import_cells._UNSTORABLE",
    "labeling.kinds.record_schema._BAD_IN_NAME",
    "labeling.kinds.spec._BAD_IN_NAME",
    "labeling.kinds.spec._GAPS",
    "labeling.apart._END_MARKS",
    "labeling.apart._FENCE",
    "labeling.apart._THINKING",
    "labeling.kinds.words._CONTRACTED",
    "labeling.kinds.words._WORD",
    "labeling.loose_json._ESCAPE",
    "labeling.loose_json._OPENING",
    "labeling.marks._HALF",
    "labeling.marks._MARK",
    "labeling.services.comments._MENTION",
    "training.engine.template._CLOCK",
    "training.engine.template._MARKS",
    "training.engine.template._OPENED",
    "training.engine.template._THOUGHT",
}
AT_ONE_PLACE = {
    "config.env._PREFIX",
    "labeling.formats.plain._FORMULA",
    "labeling.formats.plain._GUARDED",
    "labeling.formats.tagged._TAG",
    "deployment.promotion.command._DIGITS",
    "labeling.kinds.record_formats._DATE",
    "labeling.kinds.record_formats._EMAIL",
    "labeling.kinds.record_formats._MOMENT",
    "labeling.kinds.record_formats._TIME",
    "labeling.kinds.record_formats._URI",
    "labeling.kinds.record_formats._UUID",
    "labeling.kinds.record_values._NUMBER",
    "labeling.loose_json._FENCE",
    "labeling.loose_json._NUMBER",
    "labeling.loose_json._TOKEN",
    "config.env._HOST",
    "config.middleware._ACCEPTABLE",
    "common.addresses._LABEL",
    "common.addresses._NUMBER",
    "common.addresses._PATH",
    "deployment.modelfile.grammar._COMMAND",
    "deployment.modelfile.grammar._PATH",
    "deployment.modelfile.grammar._WORD",
    "labeling.services.events._PLAIN",
}
EXCUSED = {
    "common.toolwords": "tried as `Words.of`",
    "common.toolwords._RAISED": "tried as `Words.of`",
    "common.toolwords._STAMP": "tried as `Words.of`",
    "common.environment.is_key_name": "tried as `is_key_name`",
    "config.web.doors.doors": "each at the beginning of a path, which has an end of its own",
    "config.launcher.environment.names_of_settings": "reads our own settings",
    "training.engine.template._mentions": "one name of ours, at a word's edge",
    "labeling.account_urls.urlpatterns": "at the beginning of a path",
    "common.marks._expression": "tried as `break_marks`",
    "common.addresses.host_of": "tried as `host_of`",
    "labeling.keys.is_key": "tried as `is_key`",
    "common.text._long_runs": "tried as `nfkc`",
    "evaluation.text_tokens._expression": "tried as `token_f1`",
}


def read_as(format: str, **mapping: object) -> Callable[[str], object]:
    def read(text: str) -> object:
        raw = io.BytesIO(text.encode("utf-8", "replace"))
        return sum(1 for _ in importers.read_rows(raw, format, ColumnMapping(**mapping)))

    return read


def recognised(name: str, **said: object) -> Callable[[str], object]:
    return lambda text: recognise(io.BytesIO(text.encode("utf-8", "replace")), name, said)


def shaped(text: str) -> object:
    rows = ({"text": text, "label": [text]}, {"messages": [{"role": "user", "content": text}]}, {"data": {"a": text}})
    found = [shape_of([row]) for row in rows]
    return [shape.read(row, text, True) for shape, row in zip(found, rows, strict=True) if shape]


def cell(text: str) -> object:
    line = json.dumps({"text": text, "label": text})
    mapping = ColumnMapping(answer="label", separator=",", text_limit=2 * LENGTH)
    return list(importers.read_rows(io.BytesIO(line.encode()), "jsonl", mapping))


def canonical(text: str) -> object:
    return kinds.canonical(MANY, {"labels": text.split(",")}, text)


def spec_of(text: str) -> object:
    return Spec("multi_label", text, (LabelDef(text[:200].strip() or "a", text),), prompt_template=f"{text}{{text}}")


def modelfile_of(text: str) -> object:
    found = grammar.Modelfile(from_="x", system=grammar.printable(text))
    return grammar.parse(grammar.render(found))


def shown(text: str) -> object:
    return Truncator(storable(text)).chars(110)


def traps_of(text: str) -> object:
    text = text.encode("utf-8", "replace").decode()
    return traps([{"text": text, "ids": [1, 2]}], [{"text": text, "ids": [1, 3], "pieces": list(text)}])


BILLS = bills_spec()
FORM = form_of(kinds.json_schema(FEW) or {})
FUNCTIONS: dict[str, Callable[[str], object]] = {
    "differences.pieces": lambda text: differences.pieces(text, text[::-1]),
    "neutralise": marks.neutralise,
    "break_marks": lambda text: break_marks(text, OWN_MARKS),
    "take_apart": apart.take_apart,
    "take_apart_text": apart.take_apart_text,
    "given_names": lambda text: given_names(FEW.label_names, text),
    "find_names": lambda text: find_names(FEW.label_names, text),
    "values_in": loose_json.values_in,
    "messages": lambda text: prompts.messages(FEW, text),
    "training_row": lambda text: prompts.training_row(FREE, text, {"text": text}),
    "Spec": spec_of,
    "parse, few labels": lambda text: answers.parse(text, FEW, text),
    "parse, five thousand labels": lambda text: answers.parse(text, MANY, text),
    "parse, one label": lambda text: answers.parse(text, ONE, text),
    "parse, a record": lambda text: answers.parse(text, BILLS, text),
    "parse, a record's values": lambda text: answers.parse(
        json.dumps({"vendor": text, "total": text, "due": text}), BILLS, text
    ),
    "a record typed in": lambda text: kinds.canonical(BILLS, {"/": text}, text),
    "formats of a record": lambda text: [form.is_one(text) for form in FORMATS.values()],
    "parse, free text": lambda text: answers.parse(text, FREE, text),
    "fold": kinds.fold,
    "storable": storable,
    "find_label": lambda text: kinds.find_label(MANY, text),
    "canonical": canonical,
    "normalise": splits.normalise,
    "content_hash": splits.content_hash,
    "group_key": splits.group_key,
    "import of JSONL": read_as("jsonl"),
    "import of JSON": read_as("json"),
    "import of a JSON object": read_as("json", path="a.item"),
    "import of CSV": read_as("csv", text=0, answer=1),
    "import of TSV": read_as("tsv", text=0, answer=1, label_ids=("a", "b")),
    "import of CSV without quotes": read_as("csv", text=0, quoted=False),
    "import of one text and answer": cell,
    "import of plain text": read_as("text"),
    "a file recognised": recognised("upload"),
    "a table recognised": recognised("upload.csv"),
    "a list recognised": lambda text: recognised("x")(json.dumps({"a": [{text[:1000]: text}]})),
    "a row's shape": shaped,
    "a guarded cell": lambda text: unguarded(guarded(text)),
    "grammar.parse": grammar.parse,
    "grammar.render": modelfile_of,
    "difference": lambda text: difference(text, text[::-1]),
    "token_f1": lambda text: text_metrics.token_f1(text, text[::-1]),
    "exact_tokens": lambda text: text_metrics.exact_tokens(text, text[::-1]),
    "writing_of": lambda text: text_tokens.writing_of([text]),
    "squad_f1": lambda text: text_metrics.squad_f1(text, text[::-1]),
    "squad_em": lambda text: text_metrics.squad_em(text, text[::-1]),
    "rouge_l": lambda text: text_metrics.rouge_l(text, text[::-1]),
    "rouge_score_l": lambda text: text_metrics.rouge_score_l(text, text[::-1]),
    "words of a description": lambda text: Overlap([text], {"a": text}).ranked(),
    "bleu": lambda text: text_metrics.bleu([text], [text[::-1]]),
    "bleu, characters": lambda text: text_metrics.bleu([text], [text[::-1]], by_words=False),
    "chrf": lambda text: text_metrics.chrf([text], [text[::-1]]),
    "jsonbounds.loads": jsonbounds.loads,
    "jsonl.scan": lambda text: list(jsonl.scan(io.StringIO(text, newline="\n"))),
    "jsonl.dumps": jsonl.dumps,
    "a line of a bundle": lambda text: line_read(Path("it"), 1, f"{text}\n"),
    "a text in a bundle": lambda text: line_read(Path("it"), 1, line_of({"part": "case", "text": text})),
    "a sentence of a bundle": one_line,
    "nfkc": nfkc,
    "host_of": lambda text: host_of(f"http://{text}"),
    "is_key": is_key,
    "is_key_name": is_key_name,
    "Words.of": lambda text: Words.of(text, doing="convert"),
    "a text on a page": shown,
    "traps of a proof": traps_of,
    "Form.complete": FORM.complete,
    "Form.can_become": FORM.can_become,
}
# In a worker, and over two texts: a few microseconds for each of up to three hundred thousand tokens. A part of the
# length shows the same growth.
_OF_TEXTS = ("exact_tokens", "rouge_l", "token_f1", "writing_of")
_OF_NGRAMS = ("bleu", "bleu, characters", "chrf")
LENGTHS = dict.fromkeys(_OF_TEXTS, LENGTH // 2) | dict.fromkeys(_OF_NGRAMS, LENGTH // 4)
LIMITS = dict.fromkeys((*_OF_TEXTS, *_OF_NGRAMS), 1.0)
REFUSALS = (AddressError, AnswerError, ImportFormatError, ModelfileError, ValueError)


def seconds(function: Callable[[str], object], text: str) -> float:
    """CPU time of this process; a refusal is an answer as well.

    As `timeit` measures: the garbage collector walks over all that the tests before have left in memory.
    """
    gc.disable()
    try:
        start = time.process_time()
        with contextlib.suppress(*REFUSALS):
            function(text)
        return time.process_time() - start
    finally:
        gc.enable()


def slow_shapes(function: Callable[[str], object], limit: float = SECONDS, length: int = LENGTH) -> Iterator[str]:
    """The shapes on which a function is too slow, or its time grows too fast, at best of twelve, in words."""
    for shape in SHAPES:
        long, half = hostile(shape, length), hostile(shape, length // 2)
        whole = part = math.inf
        for _ in range(12):
            whole = min(whole, seconds(function, long))
            part = min(part, seconds(function, half)) if whole > FLOOR else part
            if whole <= limit and (whole <= FLOOR or whole <= GROWTH * part):
                break
        else:
            yield f"{shape}: {part:.3f} s for {length // 2} characters, {whole:.3f} s for {length}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_as_the_text_does(name: str) -> None:
    assert list(slow_shapes(FUNCTIONS[name], LIMITS.get(name, SECONDS), LENGTHS.get(name, LENGTH))) == []


@pytest.mark.parametrize("name", sorted(ANYWHERE | AT_ONE_PLACE))
def test_every_expression_is_linear(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    pattern = getattr(importlib.import_module(module), attribute)

    def tried(text: str) -> None:
        pattern.match(text)
        pattern.fullmatch(text)
        if name in ANYWHERE:
            pattern.sub("", text)

    assert list(slow_shapes(tried)) == []


def test_there_are_enough_shapes() -> None:
    assert len(SHAPES) >= 30
    assert {len(hostile(shape, 1_001)) for shape in SHAPES} == {1_001}


def test_a_slow_function_would_be_found() -> None:
    def slow(text: str) -> None:
        for _ in range(len(text) // 5_000):
            for end in range(0, len(text), 400):
                text[:end].count("__")

    assert any("a mark of underscores" in said for said in slow_shapes(slow))


EXPRESSIONS = {"compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"}
FIELDS = {"RegexValidator", "RegexField", "re_path"}


def expressions(name: str, tree: ast.Module) -> Iterator[str]:
    """Where the module makes or uses a regular expression: the name that it gets, or the function that it is in."""
    module = name.removesuffix(".py").replace("/", ".")

    def walk(node: ast.AST, owner: str) -> Iterator[str]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            owner = f"{owner}.{node.name}"
        elif isinstance(node, ast.Assign) and owner == module and isinstance(node.targets[0], ast.Name):
            owner = f"{owner}.{node.targets[0].id}"
        if isinstance(node, ast.Call) and _is_expression(node.func):
            yield owner
        for child in ast.iter_child_nodes(node):
            yield from walk(child, owner)

    yield from walk(tree, module)


def _is_expression(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.value.id in ("re", "regex") and called.attr in EXPRESSIONS
    return isinstance(called, ast.Name) and called.id in FIELDS


def test_every_expression_of_the_source_is_listed() -> None:
    found = {each for name, tree in sources() if "/migrations/" not in name for each in expressions(name, tree)}
    assert found == ANYWHERE | AT_ONE_PLACE | EXCUSED.keys()


def test_an_expression_is_found_wherever_it_stands() -> None:
    code = "A = re.compile('a')\ndef f(text):\n    return re.sub('b', '', text)\nclass C:\n    v = RegexValidator('c')"
    assert list(expressions("x/y.py", ast.parse(code))) == ["x.y.A", "x.y.f", "x.y.C"]
