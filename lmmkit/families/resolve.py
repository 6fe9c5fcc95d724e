"""From what a user gives as `family=` to a family."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib import import_module

from ..errors import ModelError
from ..numerics.arguments import shown
from .family import Family

# every family that can be given by its name: where its class is, which is loaded when somebody asks for it
CLASSES = {
    "binomial": "binomial.Binomial",
    "poisson": "counts.Poisson",
    "gamma": "gamma.Gamma",
    "negative_binomial": "counts.NegativeBinomial",
    "gaussian": "gaussian.Gaussian",
    "inverse_gaussian": "inverse_gaussian.InverseGaussian",
    "negative_binomial_1": "negative_binomial_1.NegativeBinomial1",
    "truncated_poisson": "truncated_poisson.TruncatedPoisson",
    "truncated_negative_binomial": "truncated_negative_binomial.TruncatedNegativeBinomial",
    "beta": "beta.Beta",
    "beta_binomial": "beta_binomial.BetaBinomial",
    "tweedie": "tweedie.Tweedie",
}


class Families(Mapping[str, type[Family]]):
    """Name to class, for every family; reads a family's file when it is first asked for."""

    def __getitem__(self, name: str) -> type[Family]:
        module, _, kind = CLASSES[name].partition(".")
        family: type[Family] = getattr(import_module(f"{__package__}.{module}"), kind)
        return family

    def __iter__(self) -> Iterator[str]:
        return iter(CLASSES)

    def __len__(self) -> int:
        return len(CLASSES)


FAMILIES = Families()
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
        raise ModelError(f"there is no family {shown(family)}{hint}")
    return FAMILIES[name]()
