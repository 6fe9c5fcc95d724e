"""Response distributions and links.

May import `formula` and what lies below it.
"""

from typing import TYPE_CHECKING, Any

from .family import Family
from .resolve import CLASSES, FAMILIES, resolve

if TYPE_CHECKING:
    from .beta import Beta
    from .beta_binomial import BetaBinomial
    from .binomial import Binomial
    from .gamma import Gamma
    from .gaussian import Gaussian
    from .inverse_gaussian import InverseGaussian
    from .negative_binomial import NegativeBinomial
    from .negative_binomial_1 import NegativeBinomial1
    from .poisson import Poisson
    from .truncated_negative_binomial import TruncatedNegativeBinomial
    from .truncated_poisson import TruncatedPoisson
    from .tweedie import Tweedie

__all__ = [
    "Beta", "BetaBinomial", "Binomial", "Family", "Gamma", "Gaussian", "InverseGaussian", "NegativeBinomial",
    "NegativeBinomial1", "Poisson", "TruncatedNegativeBinomial", "TruncatedPoisson", "Tweedie", "resolve",
]  # fmt: skip

_NAMES = {place.partition(".")[2]: name for name, place in CLASSES.items()}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return FAMILIES[_NAMES[name]]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_NAMES)
