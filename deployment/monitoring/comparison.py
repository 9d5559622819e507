"""Is a version worse in use than the one before? Pure: figures in, sentences out."""

from collections.abc import Iterator
from dataclasses import dataclass

from common.intervals import wilson


@dataclass(frozen=True)
class Use:
    """What a version met in use. `requests` counts errors too; `p95` in milliseconds, None where nothing answered."""

    requests: int = 0
    errors: int = 0
    parse_failures: int = 0
    thumbs: int = 0
    thumbs_down: int = 0
    p95: float | None = None


@dataclass(frozen=True)
class Limits:
    """Requests (or thumbs) before anything is judged, the share that may be worse, and how many times slower."""

    requests: int = 20
    tolerance: float = 0.05
    slowdown: float = 2.0


def complaints(now: Use, before: Use, limits: Limits) -> list[str]:
    """What is worse beyond chance and tolerance, a sentence each; empty where nothing is, or too little was seen.

    A share is worse where the lower Wilson bound of the new one lies above the old share and the tolerance. A version
    that nobody used before counts as flawless, and its latency is not compared.
    """
    return list(_complaints(now, before, limits))


def _complaints(now: Use, before: Use, limits: Limits) -> Iterator[str]:
    shares = (
        ("requests got no answer", now.errors, now.requests, before.errors, before.requests),
        ("answers could not be read", now.parse_failures, now.requests, before.parse_failures, before.requests),
        ("thumbs were down", now.thumbs_down, now.thumbs, before.thumbs_down, before.thumbs),
    )
    for what, bad, of, old_bad, old_of in shares:
        old = old_bad / old_of if old_of else 0.0
        if of >= limits.requests and wilson(bad, of)[0] > old + limits.tolerance:
            yield f"{bad} of {of} {what} ({bad / of:.0%}; before {old:.0%})"
    if now.requests >= limits.requests and before.requests >= limits.requests and now.p95 and before.p95:
        times = now.p95 / before.p95
        if times > limits.slowdown:
            yield f"95 % of the answers took up to {now.p95:.0f} ms, {times:.1f} times as long as before"
