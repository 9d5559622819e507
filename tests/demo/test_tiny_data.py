"""The generated messages for the tiny model: deterministic, different, and taught with a systematic error."""

from demo import tiny


def test_messages_are_the_same_each_time_and_all_different():
    first, again = list(tiny.messages(300, 5)), list(tiny.messages(300, 5))
    assert first == again
    assert len({row["text"] for row in first}) == 300


def test_another_seed_gives_other_messages():
    assert list(tiny.messages(50, 1)) != list(tiny.messages(50, 2))


def test_the_base_is_taught_a_systematic_error():
    rows = list(tiny.messages(300, 5))
    assert all(set(tiny.SUPERFLUOUS[:1]) <= set(tiny.mistaken(row)) and len(tiny.mistaken(row)) <= 4 for row in rows)
    wrong = sum(row["labels"] != tiny.mistaken(row) for row in rows)
    assert wrong > 0.8 * len(rows)


def test_no_phrase_stands_inside_another():
    phrases = [phrase for group in tiny.PHRASES.values() for phrase in group]
    assert not [(a, b) for a in phrases for b in phrases if a != b and a in b]
