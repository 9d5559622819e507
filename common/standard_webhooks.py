"""Signatures and retries as https://www.standardwebhooks.com wants them. Pure."""

import base64
import hashlib
import hmac
import random
from collections.abc import Sequence

PREFIX = "whsec_"
# After the first try; the specification's own schedule, in seconds.
_WAITS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
TRIES = len(_WAITS) + 1


def secret_of(key: bytes) -> str:
    """A key of 24 to 64 bytes as receivers enter it."""
    return PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature `v1,<base64>` of `id.timestamp.body`, by HMAC-SHA256 with the key within `whsec_...`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; with several secrets, one signature by each, with spaces between."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in secrets),
    }


def wait_after(tries: int, chance: random.Random | None = None) -> float | None:
    """Seconds until the next try after so many have failed, up to a fifth longer by chance; None: give it up."""
    if not 1 <= tries <= len(_WAITS):
        return None
    return _WAITS[tries - 1] * (chance or random).uniform(1.0, 1.2)
