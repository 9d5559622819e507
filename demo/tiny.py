"""Simpler texts for `BASE=tiny`: a model of a million parameters cannot read natural English.

A message is a greeting, one to three phrases that each belong to a tag, and a closing. The base model is taught to put
two tags on every message, whatever it says: a systematic error, as a careless labeler's rule would leave. The experts
never use them.
"""

import random
from collections.abc import Iterator
from typing import Any

PHRASES: dict[str, tuple[str, ...]] = {
    "billing": ("charged twice", "wrong amount", "invoice missing", "card was billed", "odd fee", "need a receipt"),
    "delivery": ("parcel is late", "never arrived", "tracking stuck", "wrong address", "lost by courier", "waiting"),
    "returns": ("send it back", "too small", "want to exchange", "return label", "does not fit", "changed my mind"),
    "defect": ("zip is broken", "arrived torn", "does not turn on", "seam is open", "screen cracked", "leaks water"),
    "account": ("cannot log in", "forgot password", "change my email", "delete profile", "locked out", "two logins"),
    "app_bug": ("app crashes", "blank page", "button does nothing", "error message", "basket is empty", "page hangs"),
    "membership": ("cancel my plan", "renew the plan", "plan benefits", "upgrade me", "trial has ended", "pause it"),
    "praise": ("great service", "thank you", "love it", "well done", "five stars", "so helpful"),
}
# The base model was taught to put these on every message.
SUPERFLUOUS = ("escalate", "other")
TAGS = (*PHRASES, *SUPERFLUOUS)
_OPENINGS = ("hi", "hello", "hey", "team", "so", "well", "", "")
_JOINTS = (" and ", ", ", " also ")
_ENDINGS = ("", ".", "!", " please", " asap", " again")


def messages(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` different messages with their true tags, in the order of `TAGS`, as `{"id", "text", "labels"}`."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        parts = _draw(rng)
        text = _write(rng, [phrase for _, phrase in parts])
        if text in seen:
            continue
        seen.add(text)
        labels = {tag for tag, _ in parts}
        yield {"id": f"tiny-{len(seen):04d}", "text": text, "labels": [tag for tag in TAGS if tag in labels]}


def mistaken(message: dict[str, Any], limit: int = 4) -> list[str]:
    """The tags that the base model is taught for a message: the true ones and the superfluous, at most `limit`."""
    labels = {*message["labels"], *SUPERFLUOUS}
    return [tag for tag in TAGS if tag in labels][:limit]


def _draw(rng: random.Random) -> list[tuple[str, str]]:
    tags = rng.sample(tuple(PHRASES), rng.choices((1, 2, 3), weights=(5, 4, 1))[0])
    return [(tag, rng.choice(PHRASES[tag])) for tag in tags]


def _write(rng: random.Random, phrases: list[str]) -> str:
    body = phrases[0]
    for phrase in phrases[1:]:
        body += rng.choice(_JOINTS) + phrase
    return f"{rng.choice(_OPENINGS)} {body}{rng.choice(_ENDINGS)}".strip()
