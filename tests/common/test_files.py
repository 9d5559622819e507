"""Files are written whole or not at all: whoever reads meanwhile sees the old one, and a failure leaves nothing."""

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from common.files import built_folder, replaced, sha256_of, write_json, write_text

pytestmark = pytest.mark.pure


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def cut_off(path: Path) -> None:
    path.write_text("half")
    raise KeyboardInterrupt


def test_a_file_is_known_by_its_sha256(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "weights").write_bytes(content)
    assert sha256_of(tmp_path / "weights") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("durable", [False, True])
def test_a_text_is_written_as_utf8_over_what_was_there(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "notes.txt"
    write_text(path, "a much longer text", durable=durable)
    write_text(path, "größe 日本\n", durable=durable)
    assert path.read_bytes() == "größe 日本\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_written_for_people(tmp_path: Path) -> None:
    write_json(tmp_path / "manifest.json", {"name": "größe", "steps": [1]}, durable=True)
    written = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(written) == {"name": "größe", "steps": [1]}
    assert '\n  "name": "größe",\n' in written
    assert written.endswith("}\n")


@pytest.mark.parametrize("write", [write_text, write_json])
def test_only_what_is_asked_for_is_forced_to_the_disk(tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[int] = []
    force = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (forced.append(number), force(number)))
    write(tmp_path / "state", "x")
    assert not forced
    write(tmp_path / "state", "x", durable=True)
    assert len(forced) == 1


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_text("old")
    with replaced(path) as aside:
        aside.write_text("new")
        assert (aside.parent, aside.suffix) == (tmp_path, ".gguf"), "moved within one disk; tools go by the suffix"
        assert aside.name.startswith(".")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replaced(path) as aside:
        cut_off(aside)
    with pytest.raises(TypeError):
        write_json(path, {"is": object()})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_the_place_of_another_and_anyone_may_read_it(tmp_path: Path) -> None:
    target = tmp_path / "models" / "v1"
    for content in ("old", "new"):
        with built_folder(target) as work:
            (work / "deep").mkdir()
            (work / "deep" / content).write_text(content)
            (work / "deep" / content).chmod(0o600)
    assert [path.name for path in (target / "deep").iterdir()] == ["new"]
    assert (mode(target), mode(target / "deep" / "new")) == (0o755, 0o644)
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_that_fails_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "v1"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(KeyboardInterrupt), built_folder(target) as work:
        cut_off(work / "half")
    assert list(tmp_path.iterdir()) == [target]
    assert [path.name for path in target.iterdir()] == ["old"]
