"""Simple methods for tasks with labels, which every trained version has to stand beside.

Each gives the chances of the labels for the texts that it is asked about; the scorers make answers of them. No heavy
library is imported before a method is run.
"""

from evaluation.methods.learned import Described, Learned, NothingToLearnError, Vectors

__all__ = ["Described", "Learned", "NothingToLearnError", "Vectors"]
