"""How long somebody waits after failed log-ins: a level that rises with each failure and sinks with time. Pure."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`free - 1` failures cost nothing; after the next one waits `first` seconds, then twice that, up to `longest`.

    One failure is forgotten every `forgets` seconds.
    """

    free: int
    first: int
    longest: int
    forgets: int

    def sunk(self, level: float, seconds: float) -> float:
        """What is left of `level` after so many seconds."""
        return max(0.0, level - max(0.0, seconds) / self.forgets)

    def wait(self, level: float) -> int:
        """Seconds to wait at `level` failures."""
        over = round(level) - self.free
        return 0 if over < 0 else int(min(self.longest, self.first * 2 ** min(over, 30)))


# A browser that its person has logged in from before is counted by itself: strangers who guess do not lock them out.
# Behind one address may sit a whole office, and its typing errors add up.
RULES = {
    "account": Rule(free=5, first=5, longest=900, forgets=900),
    "browser": Rule(free=5, first=5, longest=900, forgets=900),
    "address": Rule(free=30, first=5, longest=300, forgets=60),
    "reset": Rule(free=3, first=60, longest=3600, forgets=3600),
    "reset_address": Rule(free=20, first=60, longest=3600, forgets=300),
}
# After so long nothing is left of any counter that was not touched.
LONGEST_MEMORY = 24 * 3600


def neighbourhood(address: str) -> str:
    """What is counted as one: an IPv4 address, or the /64 that a household or a host has of IPv6."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
