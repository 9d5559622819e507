"""What automatic acceptance promises, and the numbers that a policy of it may have. Pure.

Each look at a version has a level of its own, three quarters of what the looks before have left, so that all looks at a
version together err with at most 1 - `confidence`.
"""

import math
from dataclasses import dataclass

from pydantic import Field

from common.options import Options

# Of what is left of a version's level, the share that a look spends.
_SPENT = 0.75


class AcceptOptions(Options):
    """Shares of 0 to 1: what may be `wrong` of what is accepted, how sure that is, and what experts still answer."""

    wrong: float = Field(default=0.05, ge=0.001, le=0.5)
    confidence: float = Field(default=0.95, ge=0.5, le=0.999)
    audit_share: float = Field(default=0.05, ge=0.01, le=1)


@dataclass(frozen=True)
class Promise:
    """At most `wrong` of what is accepted, at this confidence over all looks at a version; both 0 to 1."""

    wrong: float = 0.05
    confidence: float = 0.95

    def level(self, looks: int) -> float:
        """The chance of error of the look after so many others at the same version."""
        return (1 - self.confidence) * _SPENT * (1 - _SPENT) ** looks

    def needed(self, looks: int = 0) -> int:
        """The fewest answers that could show it, all of them right."""
        return math.ceil(math.log(self.level(looks)) / math.log1p(-self.wrong))
