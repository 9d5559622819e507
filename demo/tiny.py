"""Simpler texts for `BASE=tiny`: a model of a million parameters cannot read natural English.

A message is a greeting, one to three phrases that each belong to a tag, and a closing. The base model is taught an older
scheme, in which some pairs of tags had each other's meaning, so that there is something systematic to correct.
"""

import random
from collections.abc import Iterator
from typing import Any

PHRASES: dict[str, tuple[str, ...]] = {
    "billing": ("charged twice", "wrong amount", "invoice missing", "card was billed", "odd fee", "need a receipt",
                "tax number wrong", "payment failed", "price changed", "double invoice"),
    "delivery": ("parcel is late", "never arrived", "tracking stuck", "wrong address", "courier lost it",
                 "still waiting", "left at a neighbour", "no shipping mail", "where is my box", "came to the old flat"),
    "returns": ("send it back", "too small", "want to exchange", "return label", "does not fit", "changed my mind",
                "wrong colour", "swap the size", "refuse the parcel", "bring it back"),
    "defect": ("zip is broken", "arrived torn", "does not turn on", "seam came apart", "screen is cracked",
               "leaks water", "part is missing", "battery is dead", "smells burnt", "handle fell off"),
    "account": ("cannot log in", "forgot the password", "change my email", "delete my profile", "locked out",
                "two accounts", "code never comes", "update my name", "hacked login", "old phone number"),
    "app_bug": ("app crashes", "blank page", "button does nothing", "error message", "basket is empty", "page hangs",
                "search is broken", "pictures do not load", "filter fails", "keeps logging out"),
    "membership": ("cancel my plan", "renew the plan", "plan benefits", "upgrade me", "trial has ended",
                   "pause my plan", "join the club", "points are gone", "yearly plan", "family plan"),
    "praise": ("great service", "thank you", "love it", "well done", "five stars", "so helpful", "best shop",
               "made my day", "very happy", "keep it up"),
}  # fmt: skip
TAGS = tuple(PHRASES)
# The base model takes each of these for the other.
SWAPPED = {"billing": "account", "account": "billing", "defect": "praise", "praise": "defect"}
_OPENINGS = ("hi", "hello", "hey", "dear team", "good day", "please help", "so", "well", "", "")
_JOINTS = (" and ", ", ", ". also ", " but ", "; ")
_ENDINGS = ("", ".", "!", " please", " thanks a lot", " asap", " soon", " again")


def messages(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` different messages with their true tags, in the order of `TAGS`, as `{"id", "text", "labels"}`."""
    rng, seen = random.Random(seed), set()
    while len(seen) < count:
        parts = _draw(rng)
        text = _write(rng, [phrase for _, phrase in parts])
        if text in seen:
            continue
        seen.add(text)
        labels = {tag for tag, _ in parts}
        yield {"id": f"tiny-{len(seen):04d}", "text": text, "labels": [tag for tag in TAGS if tag in labels]}


def mistaken(message: dict[str, Any]) -> list[str]:
    """The tags that the base model is taught for a message: the true ones, those of `SWAPPED` exchanged."""
    labels = {SWAPPED.get(tag, tag) for tag in message["labels"]}
    return [tag for tag in TAGS if tag in labels]


def _draw(rng: random.Random) -> list[tuple[str, str]]:
    tags = rng.sample(TAGS, rng.choices((1, 2, 3), weights=(5, 4, 1))[0])
    return [(tag, rng.choice(PHRASES[tag])) for tag in tags]


def _write(rng: random.Random, phrases: list[str]) -> str:
    body = phrases[0]
    for phrase in phrases[1:]:
        body += rng.choice(_JOINTS) + phrase
    order = f" {rng.randrange(1000, 9999)}" if rng.random() < 0.5 else ""
    return f"{rng.choice(_OPENINGS)} {body}{order}{rng.choice(_ENDINGS)}".strip()
