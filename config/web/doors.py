"""What each door takes: bytes of a body, and seconds to send it in. A test holds `nginx/` to the same limits."""

import re
from dataclasses import dataclass

# Line and headers of a request, and the time for them. Cookies, tokens and a long query fit many times.
HEAD_BYTES = 32_768
HEAD_SECONDS = 10.0
FORM_BYTES = 2_621_440


@dataclass(frozen=True)
class Door:
    """`path`: a pattern that matches from the start of a path, without the prefix that a proxy may put before it."""

    path: re.Pattern[str]
    max_bytes: int
    seconds: float


def doors(api_bytes: int, upload_bytes: int) -> tuple[Door, ...]:
    """The first that fits a path counts; the last one fits all."""
    return (
        Door(re.compile(r"/projects/[^/]+/imports/$"), upload_bytes, 1800.0),
        Door(re.compile(r"/api/"), api_bytes, 60.0),
        # Anybody may knock here, so little is taken.
        Door(re.compile(r"/(login|logout|accounts|admin/login|livez|readyz)\b"), 16_384, HEAD_SECONDS),
        Door(re.compile(""), FORM_BYTES, 30.0),
    )


def door_for(path: str, prefix: str, table: tuple[Door, ...]) -> Door:
    """The door at `path`, which may begin with `prefix`."""
    inside = path.removeprefix(prefix) if path.startswith(prefix + "/") else path
    return next(door for door in table if door.path.match(inside))
