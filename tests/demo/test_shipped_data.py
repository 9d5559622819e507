"""The shipped messages keep what their README promises."""

import itertools
import re
from collections import Counter, defaultdict
from functools import cache

from common import jsonl
from demo.support_tags import SHIPPED, TAGS


@cache
def messages() -> list[dict]:
    return list(jsonl.read(SHIPPED))


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def test_there_are_at_least_600_messages_with_known_tags():
    assert len(messages()) >= 600
    assert len({row["id"] for row in messages()}) == len(messages())
    assert all(row["labels"] and row["labels"] == sorted(row["labels"], key=TAGS.index) for row in messages())


def test_no_two_messages_share_their_wording():
    shingles = [set(zip(*(words(row["text"])[start:] for start in range(5)), strict=False)) for row in messages()]
    holders = defaultdict(list)
    for position, own in enumerate(shingles):
        for shingle in own:
            holders[shingle].append(position)
    shared = Counter(pair for owners in holders.values() for pair in itertools.combinations(owners, 2))
    close = {pair: count / len(shingles[pair[0]] | shingles[pair[1]]) for pair, count in shared.items()}
    assert max(close.values(), default=0) <= 0.3


def test_no_opening_is_common():
    openings = Counter(tuple(words(row["text"])[:3]) for row in messages())
    assert openings.most_common(1)[0][1] <= 0.02 * len(messages())


def test_no_tag_is_rare_or_everywhere():
    counts = Counter(tag for row in messages() for tag in row["labels"])
    assert set(counts) == set(TAGS)
    assert all(0.05 <= count / len(messages()) <= 0.4 for count in counts.values())


def test_many_messages_have_several_concerns():
    assert sum(len(row["labels"]) > 1 for row in messages()) > 0.3 * len(messages())
