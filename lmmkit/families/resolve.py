"""From what a user gives as `family=` to a family."""

from __future__ import annotations

import difflib

from ..errors import ModelError
from ..numerics.arguments import shown
from .beta import Beta
from .beta_binomial import BetaBinomial
from .binomial import Binomial
from .counts import NegativeBinomial, Poisson
from .family import Family
from .gamma import Gamma
from .gaussian import Gaussian
from .inverse_gaussian import InverseGaussian
from .negative_binomial_1 import NegativeBinomial1
from .truncated_negative_binomial import TruncatedNegativeBinomial
from .truncated_poisson import TruncatedPoisson
from .tweedie import Tweedie

# every family that can be given by its name
FAMILIES: dict[str, type[Family]] = {
    family.name: family
    for family in (
        Binomial, Poisson, Gamma, NegativeBinomial, Gaussian, InverseGaussian, NegativeBinomial1,
        TruncatedPoisson, TruncatedNegativeBinomial, Beta, BetaBinomial, Tweedie,
    )
}  # fmt: skip
# what R users call them
ALIASES = {
    "nbinom2": "negative_binomial", "nbinom1": "negative_binomial_1", "beta_family": "beta",
    "betabinomial": "beta_binomial", "truncated_nbinom2": "truncated_negative_binomial",
    "inverse.gaussian": "inverse_gaussian", "normal": "gaussian",
}  # fmt: skip


def resolve(family: str | Family | type[Family]) -> Family:
    """The family for a name, a class or an instance.

    Parameters
    ----------
    family : str, Family or subclass of Family
        ``"binomial"``, ``"poisson"``, ``"gamma"``, ``"negative_binomial"``, … (capitals do not matter),
        R's name of it (``"nbinom2"``), or one of the classes in ``lk.families``, called or not.

    Returns
    -------
    Family
        With its default link, unless an instance was given.

    Raises
    ------
    ModelError
        For anything else, with the nearest name.

    Examples
    --------
    >>> resolve("Gamma")
    Gamma(link='log')
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, type) and issubclass(family, Family) and hasattr(family, "name"):
        return family()
    if not isinstance(family, str):
        raise ModelError(
            f"family must be a name such as 'poisson' or one of lk.families, not {shown(family)}"
        )
    name = family.strip().lower().replace(" ", "_").replace("-", "_")
    name = ALIASES.get(name, name)
    if name not in FAMILIES:
        near = difflib.get_close_matches(name, FAMILIES, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else f"; choose one of {', '.join(FAMILIES)}"
        raise ModelError(f"there is no family '{family}'{hint}")
    return FAMILIES[name]()
