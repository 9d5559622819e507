"""What a version must show before it may serve: the options of the gate, each with its range. Pure."""

from pydantic import Field, ValidationInfo, field_validator

from common.options import Options


class Policy(Options):
    """What a version must show.

    `minimum` of the main figure (0 to 1), which the figure's lower end must reach; `margin` by which it must be better:
    with `accept_tie` it is the loss that is tolerated instead; `psr_tolerance`, the parsing success that may be lost;
    `min_cases` shared with the reference (groups of near-duplicates count once); `free_cases` asked without the
    schema, too; `confidence`: each test is one-sided and errs in at most the rest (0.95: 5 %), and it is the confidence
    of shown intervals. `error_budget`: the chance that the automatic gate promotes what is no better, over
    `budget_rounds` judged rounds together. `hard_margin`: a loss on the hard cases that is shown to be greater refuses.
    `resamples` and `seed` fix what is drawn. `neighbours_refuse`: a simple method or the bare base that is shown to be
    better refuses, else it is said. `latency_ratio`: as many times as slow as the reference a version may be; None:
    whatever it takes.
    """

    minimum: float = Field(default=0.3, ge=0, le=1)
    margin: float = Field(default=0.0, ge=0, le=1)
    accept_tie: bool = False
    psr_tolerance: float = Field(default=0.0, ge=0, le=1)
    min_cases: int = Field(default=30, ge=0, le=1_000_000)
    free_cases: int = Field(default=50, ge=0, le=1_000_000)
    confidence: float = Field(default=0.95, ge=0.5, le=0.999)
    error_budget: float = Field(default=0.05, gt=0, le=0.5)
    budget_rounds: int = Field(default=20, ge=1, le=1_000)
    hard_margin: float = Field(default=0.05, ge=0, le=1)
    resamples: int = Field(default=10_000, ge=100, le=1_000_000)
    seed: int = Field(default=7, ge=0, lt=2**32)
    neighbours_refuse: bool = False
    latency_ratio: float | None = Field(default=None, ge=0.01, le=100)

    @field_validator("accept_tie")
    @classmethod
    def _has_a_margin(cls, accepts: bool, info: ValidationInfo) -> bool:
        if accepts and not info.data.get("margin"):
            raise ValueError("To accept a tie, give the margin: how much may be lost at most, such as 0.02.")
        return accepts

    @property
    def bound(self) -> float:
        """What the difference must be shown to exceed."""
        return -self.margin if self.accept_tie else self.margin

    @property
    def level(self) -> float:
        """The chance of error of one test."""
        return round(1 - self.confidence, 12)
