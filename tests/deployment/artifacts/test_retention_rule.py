"""The rule of retention: which versions keep their files, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from deployment.artifacts.retention_rule import Standing, kept

pytestmark = pytest.mark.pure

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_the_rule_names_a_reason_for_each_kept_version() -> None:
    rows = [
        Standing(0, days_ago(99)),
        Standing(1, days_ago(90), last_live=days_ago(60)),
        Standing(2, days_ago(80), last_live=days_ago(20)),
        Standing(3, days_ago(70), pinned="audit"),
        Standing(4, days_ago(60), last_live=days_ago(10)),
        Standing(5, days_ago(50), last_live=days_ago(1)),
        Standing(6, days_ago(40), refused=True),
        Standing(7, days_ago(30), live=True, last_live=NOW),
        Standing(8, days_ago(40), refused=True),
        Standing(9, days_ago(40)),
        Standing(10, days_ago(1), refused=True),
        Standing(11, days_ago(50), busy="being judged", refused=True),
    ]
    assert kept(rows, now=NOW, previous=2, days=30) == {
        2: "live within 30 days",
        3: "pinned: audit",
        4: "one of the 2 live before",
        5: "one of the 2 live before",
        7: "live",
        9: "newer than the live one",
        10: "newer than the live one",
        11: "being judged",
    }


def test_a_day_counts_to_its_end() -> None:
    live = Standing(3, days_ago(30), live=True, last_live=NOW)
    assert set(kept([live, Standing(2, days_ago(90), last_live=days_ago(30))], now=NOW, previous=0, days=30)) == {2, 3}
    assert set(kept([live, Standing(4, days_ago(30), refused=True)], now=NOW, previous=0, days=30)) == {3, 4}


def test_those_before_go_by_when_they_were_live_last_not_by_when_they_were_made() -> None:
    rows = [
        Standing(1, days_ago(50), last_live=days_ago(40)),
        Standing(2, days_ago(45), last_live=days_ago(44)),
        Standing(3, days_ago(42), live=True, last_live=NOW),
    ]
    assert kept(rows, now=NOW, previous=1, days=0) == {1: "one of the 1 live before", 3: "live"}


def test_before_the_first_promotion_everything_stays() -> None:
    assert kept(
        [Standing(0, days_ago(400)), Standing(1, days_ago(300), refused=True)], now=NOW, previous=0, days=1
    ) == {
        0: "nothing is live yet",
        1: "nothing is live yet",
    }
