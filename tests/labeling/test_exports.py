"""Exports: what a file holds, as of when, for whom."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from common import jsonl
from common.problems import ProblemError
from labeling import services, tasks
from labeling.formats import WRITERS
from labeling.models import Event, GoldenSample, Sample
from labeling.services import Filters, export_rows
from tests.factories import SYSTEM, acting, make_expert, make_operator, make_project, make_sample
from tests.labeling.exporting import exported, lines
from tests.labeling.proposing import propose

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project():
    return make_project("shop")


def texts(export) -> list[str]:
    return [row["text"] for row in lines(export)]


def test_the_complete_format_tells_who_said_what_when(project):
    ana, sample = make_expert(project, "ana"), make_sample(project, "Charged\u2028twice", external_id="7")
    prediction = propose(sample, '{"labels": ["praise"]}', confidence=0.75)
    services.decide(acting(ana), sample, ["billing"], prediction=prediction, comment="no praise", seconds=3.5)
    export = exported(project)
    (row,) = lines(export)
    assert (row["text"], row["id"], row["state"], row["answer"]) == (
        "Charged\u2028twice", "7", "golden", {"labels": ["billing"]},
    )  # fmt: skip
    assert (row["approved"]["by"], row["approved"]["given"], row["approved"]["source"]) == ("ana", "seen", "review")
    (said,), (decided,) = row["proposals"], row["decisions"]
    assert (said["model"], said["confidence"], said["answer"]) == ("shop:v1", 0.75, {"labels": ["praise"]})
    assert (decided["action"], decided["by"], decided["comment"]) == ("correct", "ana", "no praise")
    with export.file.open("rb") as content:
        assert b"\\u2028" in content.read(), "no other reader takes it for the end of a line"
    assert [event.verb for event in Event.objects.filter(subject_uid=export.uid)] == [
        "export.finished",
        "export.queued",
    ]


def test_as_of_a_time_tells_what_was_so_then(project):
    ana, sample, later = make_expert(project), make_sample(project, "one"), timezone.now
    before = later()
    services.decide(acting(ana), sample, ["billing"])
    answered = later()
    services.reopen(acting(ana), sample)
    services.reject(acting(ana), sample)
    rejected = later()
    states = [lines(exported(project, as_of=moment))[0]["state"] for moment in (before, answered, rejected)]
    assert states == ["pending", "golden", "rejected"]
    assert lines(exported(project, as_of=answered))[0]["answer"] == {"labels": ["billing"]}


def test_what_is_withdrawn_is_in_no_file_of_any_time(project):
    private = make_sample(project, "private")
    make_sample(project, "open")
    before = timezone.now()
    services.withdraw_sample(SYSTEM, private, "a private letter")
    assert texts(exported(project)) == ["open"]
    earlier = exported(project, as_of=before)
    assert (texts(earlier), earlier.left_out) == (["open"], {"it was withdrawn since": 1})
    assert texts(exported(project, filters=Filters(state="withdrawn"))) == ["private"]
    with pytest.raises(PermissionDenied, match="manage"):
        services.start_export(acting(make_operator(project)), project, "jsonl", Filters(state="withdrawn"))


def test_filters_narrow_by_what_was_so(project):
    ana, ben = make_expert(project, "ana"), make_expert(project, "ben")
    for person, text, label in ((ana, "a", "billing"), (ben, "b", "billing"), (ana, "c", "praise")):
        services.decide(acting(person), make_sample(project, text), [label])
    make_sample(project, "open", split="validation", way_in="api")
    found = {
        ("a", "c"): Filters(reviewer="ana"),
        ("a", "b"): Filters(label="billing"),
        ("open",): Filters(state="pending"),
        ("a",): Filters(label="billing", reviewer="ana", split="train", way_in="import"),
        (): Filters(until="2020-01-31"),
    }
    assert {tuple(texts(exported(project, filters=each))) for each in found.values()} == set(found)


def test_what_a_certificate_accepted_is_in_files_that_say_so_or_where_it_is_asked_for(project):
    services.decide(acting(make_expert(project)), make_sample(project, "read"), ["billing"])
    sample = make_sample(project, "accepted", state="golden")
    accepted = {"answer": {"labels": ["praise"]}, "source": "certified", "given": "certified"}
    GoldenSample.objects.create(project=project, sample=sample, spec=project.spec, **accepted)
    assert texts(exported(project)) == ["read", "accepted"]
    for format in ("jsonl", "openai_chat", "csv"):
        export = exported(project, format)
        assert (export.rows, list(export.left_out.values())) == (1, [1])
        assert "certificate" in next(iter(export.left_out))
    assert texts(exported(project, "jsonl", Filters(given="certified"))) == ["accepted"]
    assert texts(exported(project, filters=Filters(given="blind"))) == ["read"]


@pytest.mark.parametrize(
    "wrong",
    [
        Filters(split="dev"),
        Filters(given="guessed"),
        Filters(label="weather"),
        Filters(reviewer="nobody"),
        Filters(since="9999-12-31"),
    ],
    ids=lambda each: str(each.kept),
)
def test_filters_that_nothing_meets_are_refused(project, wrong):
    with pytest.raises(ProblemError):
        services.start_export(SYSTEM, project, "jsonl", wrong)
    with pytest.raises(ProblemError, match="not come yet"):
        services.start_export(SYSTEM, project, "jsonl", as_of=timezone.now() + timedelta(days=1))


def test_test_answers_leave_only_where_a_manager_asks(project):
    sample = make_sample(project, "judged", split="test")
    services.decide(acting(make_expert(project)), sample, ["billing"])
    (row,) = lines(exported(project))
    assert (row["answer"], row["withheld"], row["decisions"]) == (None, True, [])
    export = exported(project, "openai_chat")
    assert export.left_out == {"it is a test text, whose answers were not asked for": 1}
    assert lines(exported(project, test_answers=True))[0]["answer"] == {"labels": ["billing"]}
    with pytest.raises(PermissionDenied, match="manage"):
        services.start_export(acting(make_operator(project)), project, "jsonl", test_answers=True)
    with pytest.raises(PermissionDenied, match="operate"):
        services.start_export(acting(make_expert(project)), project, "jsonl")


def test_what_models_say_of_a_text_that_waits_to_be_answered_blind_stays_here(project):
    propose(make_sample(project, "blind", split="test"))
    assert lines(exported(project, test_answers=True))[0]["proposals"] == []
    audit = propose(make_sample(project, "audit"))
    services.audit_proposals(SYSTEM, project, [audit])
    assert [row["proposals"] for row in lines(exported(project))] == [[], []]
    services.decide(acting(make_expert(project)), Sample.objects.get(pk=audit.sample_id), ["billing"])
    assert len(lines(exported(project))[1]["proposals"]) == 1


def test_an_answer_that_no_longer_fits_is_counted_and_its_words_stay(project):
    sample = make_sample(project, "gone")
    services.decide(acting(make_expert(project)), sample, ["praise"])
    services.remove_label(SYSTEM, project.labels.get(name="praise"), leave_out=True)
    (row,) = lines(exported(project))
    assert (row["answer"], row["approved"]["as_given"]) == (None, {"labels": ["praise"]})
    (reason,) = exported(project, "alpaca").left_out
    assert reason.startswith("its answer no longer fits: ")


# CoNLL holds pieces of texts, no labels of theirs.
@pytest.mark.parametrize("format", sorted(WRITERS.keys() - {"conll"}))
def test_a_list_of_json_is_one_whatever_the_pages(project, format, monkeypatch):
    monkeypatch.setattr(export_rows, "PAGE", 2)
    ana = make_expert(project)
    for number in range(5):
        services.decide(acting(ana), make_sample(project, f"text {number}"), ["billing"])
    export = exported(project, format)
    content = export.file.read().decode()
    rows = json.loads(content) if WRITERS[format].suffix == "json" else content.rstrip("\n").split("\n")
    assert (export.rows, len(rows)) == (5, 6 if format in ("csv", "tsv") else 5)


def test_a_full_disk_is_said(project, settings, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "exports").write_text("in the way")
    export = services.start_export(SYSTEM, project, "jsonl")
    services.run_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.error[:27]) == ("failed", "The file cannot be written:")


def test_the_task_writes_what_was_queued(project, sent):
    make_sample(project, "one")
    export = services.start_export(acting(make_operator(project)), project, "jsonl")
    assert sent == [("labeling.run_export", export.pk)]
    tasks.run_export(export.pk)
    tasks.run_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.rows) == ("succeeded", 1)


def test_the_command_writes_a_file_and_says_what_is_left_out(project, tmp_path, capsys):
    make_sample(project, "one")
    call_command("export_samples", str(tmp_path / "out.jsonl"), "--project", "shop", "--format", "jsonl")
    assert [row["text"] for row in jsonl.read(tmp_path / "out.jsonl")] == ["one"]
    call_command("export_samples", str(tmp_path / "out.json"), "--project", "shop", "--format", "alpaca")
    assert "0 rows written, 1 left out." in capsys.readouterr().out
    make_operator(project, "otto")
    with pytest.raises(CommandError, match="manage"):
        call_command("export_samples", str(tmp_path / "x"), "--project", "shop", "--test-answers", "--user", "otto")
