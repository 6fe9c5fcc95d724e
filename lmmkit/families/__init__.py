"""Response distributions and links.

May import `formula` and what lies below it.
"""

from .beta import Beta
from .beta_binomial import BetaBinomial
from .binomial import Binomial
from .counts import NegativeBinomial, Poisson
from .family import Family
from .gamma import Gamma
from .gaussian import Gaussian
from .inverse_gaussian import InverseGaussian
from .negative_binomial_1 import NegativeBinomial1
from .resolve import FAMILIES, resolve
from .truncated_negative_binomial import TruncatedNegativeBinomial
from .truncated_poisson import TruncatedPoisson
from .tweedie import Tweedie

__all__ = [
    "Beta", "BetaBinomial", "Binomial", "Family", "Gamma", "Gaussian", "InverseGaussian", "NegativeBinomial",
    "NegativeBinomial1", "Poisson", "TruncatedNegativeBinomial", "TruncatedPoisson", "Tweedie", "resolve",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(family.__name__ for family in FAMILIES.values())
