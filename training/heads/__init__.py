"""Heads: what is fitted on the vectors of a frozen encoder, in seconds and without torch. Pure."""

from training.heads.choosing import Choice, choose
from training.heads.linear import Linear, fit

__all__ = ["Choice", "Linear", "choose", "fit"]
