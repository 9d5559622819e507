"""What is exported and imported into an empty project is the same: texts, answers, and ids where there are any."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeling import services, splits
from labeling.formats import WRITERS
from labeling.formats.plain import guarded, unguarded
from labeling.kinds import KINDS, canonical
from labeling.models import GoldenSample, Project, Sample
from labeling.services.samples import new_text
from tests.factories import SYSTEM, make_project
from tests.labeling.exporting import exported
from tests.records import BILLS, SCHEMA

pytestmark = pytest.mark.django_db

LABELS = ("billing", "[odd]", '"quoted"', "=sum, of all", "'tis", "1", "a|b;c")
NASTY = [
    "=1+1",
    "'=x",
    "-5",
    "@me",
    '[{"text": "x"}]',
    '{"text": "x"}',
    "a\u2028b\u2029c\x85d",
    "line\nline",
    "'",
    "\t x",
    "null",
]
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=30)
TEXTS = st.one_of(st.sampled_from(NASTY), WORDS).filter(str.strip)
IDS = st.one_of(st.just(""), st.sampled_from(["7", "=2", "-x"]), st.text("abc12", max_size=5))
ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "multi_label": st.one_of(st.none(), st.lists(st.sampled_from(LABELS), max_size=3, unique=True)),
    "single_label": st.one_of(st.none(), st.sampled_from(LABELS)),
    "spans": st.one_of(
        st.none(), st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.sampled_from(LABELS)), max_size=4)
    ),
    "text": st.one_of(st.none(), TEXTS),
    "record": st.one_of(st.none(), BILLS),
}
# Those that hold no ids, and those that hold no texts without an answer.
BARE = ("openai_chat", "prompt_completion", "sharegpt", "alpaca")
ANSWERED = (*BARE, "question_answer")
# How the plain formats, which have columns and no shape, are read.
COLUMNS = {"text": "text", "answer": "answer", "external_id": "id", "answers": "all"}


def project_of(kind: str, key: str) -> Project:
    labels = LABELS if KINDS[kind].has_labels else ()
    return make_project(key, kind, labels=labels, schema=SCHEMA if KINDS[kind].has_schema else None)


def fill(project: Project, rows: list[tuple[str, Any, str]]) -> None:
    """Texts with their answers, each text once, as the API takes them."""
    spec, by_hash = project.spec.to_spec(), {}
    for text, answer, id in rows:
        new = new_text(project, text, id.strip())
        given = marks(new.text, answer) if project.answer_kind.has_places and answer else answer
        stored = None if answer is None else canonical(spec, given, new.text)
        by_hash.setdefault(splits.content_hash(new.text), services.NewText(new.text, new.external_id, stored))
    services.create_samples(SYSTEM, project, list(by_hash.values()), may_approve=True)


def marks(text: str, drawn: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Those of the drawn places that are in the text, and not white space."""
    places = [(start, min(start + length, len(text)), label) for start, length, label in drawn]
    return [place for place in places if text[place[0] : place[1]].strip()]


def held(project: Project, format: str) -> dict[str, tuple[Any, str]]:
    """What of a project the format can hold: answer and id by text."""
    golden = dict(GoldenSample.objects.current().filter(project=project).values_list("sample", "answer"))
    found = {}
    for sample in Sample.objects.filter(project=project):
        answer = golden.get(sample.pk)
        no_label = format == "doccano" and answer in ({"labels": []}, {"spans": []})
        if format == "conll" and not in_conll(sample, answer):
            continue
        if not no_label and (answer is not None or format not in ANSWERED):
            found[sample.text] = (answer, "" if format in BARE else sample.external_id)
    return found


def in_conll(sample: Sample, answer: Any) -> bool:
    """Whether it is a text of one line whose marked pieces do not overlap."""
    spans = (answer or {}).get("spans")
    lines = {"\n", "\r"} & set(sample.text + sample.external_id)
    return spans is not None and not lines and all(a["end"] <= b["start"] for a, b in pairwise(spans))


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("format", WRITERS)
def test_a_file_of_each_format_comes_back_as_it_went(tmp_path, settings_of_files, format, kind):
    count = iter(range(1000))

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.tuples(TEXTS, ANSWERS[kind], IDS), min_size=1, max_size=6))
    def round_trip(rows: list[tuple[str, Any, str]]) -> None:
        number = next(count)
        there, back = project_of(kind, f"there-{number}"), project_of(kind, f"back-{number}")
        fill(there, rows)
        export = exported(there, format, test_answers=True)
        path = tmp_path / f"{number}.{WRITERS[format].suffix}"
        path.write_bytes(export.file.read())
        options = COLUMNS if format in ("jsonl", "csv", "tsv") else {"format": format, "answers": "all"}
        if export.rows:
            batch = services.import_file(SYSTEM, back, path, options)
            assert (batch.state, batch.bad_rows, batch.error) == ("succeeded", 0, ""), path.read_text()
        assert held(back, format) == held(there, format)

    round_trip()


@pytest.fixture
def settings_of_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@given(st.one_of(WORDS, st.sampled_from(NASTY), st.text("'=+-@\t\n", max_size=6)))
def test_a_guarded_cell_is_no_formula_and_comes_back(cell):
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
