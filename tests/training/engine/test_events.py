"""`events.jsonl` through resumes, kills and odd numbers."""

from pathlib import Path

import pytest

from common import jsonl
from training.engine.events import EventLog, read_events


def test_numbers_go_on_across_resumes(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path).emit("started")
    log = EventLog(path)
    log.emit("resumed", step=3)
    log.emit("step", step=4, loss=0.5)
    assert [event["seq"] for event in read_events(path)] == [1, 2, 3]


def test_a_line_cut_off_by_a_kill_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path).emit("started")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"seq": 2, "kind": "st')
    assert len(read_events(path)) == 1
    EventLog(path).emit("resumed")
    assert [event["kind"] for event in jsonl.read(path)] == ["started", "resumed"]


def test_what_json_does_not_know_becomes_null(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path).emit("step", loss=float("nan"), more={"list": [float("inf"), 1.0]})
    event = read_events(path)[0]
    assert event["loss"] is None
    assert event["more"] == {"list": [None, 1.0]}


def test_unknown_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown event kind"):
        EventLog(tmp_path / "events.jsonl").emit("stepp")


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    EventLog(tmp_path / "events.jsonl", enabled=False).emit("started")
    assert not (tmp_path / "events.jsonl").exists()
