"""The digest of a suite's cases: the same cases have the same, whatever their labels are called. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any


def digest_of(cases: Iterable[tuple[Any, ...]], gone: Sequence[str] = ()) -> str:
    """The hex SHA-256 of inputs with the identities of their right answers (`Kind.identities`), in their order.

    Of hard cases with the reasons for each. `gone`: labels that were removed or merged by then. Answers that name one
    read otherwise since, so the same cases are another suite, and both sides are scored anew.
    """
    whole = hashlib.sha256()
    for case in cases:
        whole.update(json.dumps(case, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    if gone:
        whole.update(json.dumps({"gone": sorted(gone)}).encode())
    return whole.hexdigest()
