"""From what a user gives as `family=` to a family."""

from __future__ import annotations

import difflib

from ..errors import ModelError
from ..numerics.arguments import shown
from .binomial import Binomial
from .counts import NegativeBinomial, Poisson
from .family import Family
from .gamma import Gamma

# every family that can be given by its name
FAMILIES: dict[str, type[Family]] = {
    family.name: family for family in (Binomial, Poisson, Gamma, NegativeBinomial)
}


def resolve(family: str | Family | type[Family]) -> Family:
    """The family for a name, a class or an instance.

    Parameters
    ----------
    family : str, Family or subclass of Family
        ``"binomial"``, ``"poisson"``, ``"gamma"``, ``"negative_binomial"`` (capitals do not matter), or one
        of the classes in ``lk.families``, called or not.

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
    if name in ("gaussian", "normal"):
        raise ModelError("the gaussian family gives the linear mixed model; fit it with lk.lmer")
    if name not in FAMILIES:
        near = difflib.get_close_matches(name, FAMILIES, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else f"; choose one of {', '.join(FAMILIES)}"
        raise ModelError(f"there is no family '{family}'{hint}")
    return FAMILIES[name]()
