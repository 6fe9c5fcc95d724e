"""Response distributions and links.

May import `formula` and what lies below it.
"""

from .binomial import Binomial
from .counts import NegativeBinomial, Poisson
from .family import Family
from .gamma import Gamma
from .resolve import FAMILIES, resolve

__all__ = ["Binomial", "Family", "Gamma", "NegativeBinomial", "Poisson", "resolve"]


def __dir__() -> list[str]:
    return sorted(family.__name__ for family in FAMILIES.values())
