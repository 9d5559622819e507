"""Signs of life as a launcher sees them."""

from pathlib import Path

from config.launcher.life import Life
from tests.config.processes import eventually


def test_who_never_gives_a_sign_hangs_once_the_start_has_taken_too_long(tmp_path: Path) -> None:
    life = Life(tmp_path / "alive" / "web", silence=60, start=0.3)
    life.begin()
    assert not life.hangs()
    assert life.allowed == 0.3
    assert eventually(life.hangs, 10)
    life.begin()
    assert not life.hangs(), "the next process has its own time"


def test_who_gave_a_sign_has_the_shorter_time_from_then_on(tmp_path: Path) -> None:
    life = Life(tmp_path / "alive" / "web", silence=0.3, start=60)
    life.begin()
    life.path.touch()
    assert not life.hangs()
    assert life.shown
    assert life.allowed == 0.3
    assert eventually(life.hangs, 10)
