"""The digest of a suite's cases: the same cases have the same, whatever their labels are called. Pure."""

import hashlib
import json
from collections.abc import Iterable

from labeling.kinds import Answer, Input


def digest_of(cases: Iterable[tuple[Input, Answer]]) -> str:
    """The hex SHA-256 of inputs with the identities of their right answers (`Kind.identities`), in their order."""
    whole = hashlib.sha256()
    for case in cases:
        whole.update(json.dumps(case, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return whole.hexdigest()
