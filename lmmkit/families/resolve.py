"""From what a user gives as `family=` to a family."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from importlib import import_module

from ..errors import ModelError
from ..numerics.arguments import shown
from .family import Family

# every family that can be given by its name: where its class is, which is loaded when somebody asks for it
CLASSES = {
    "binomial": "binomial.Binomial",
    "poisson": "poisson.Poisson",
    "gamma": "gamma.Gamma",
    "negative_binomial": "negative_binomial.NegativeBinomial",
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
    "inverse.gaussian": "inverse_gaussian", "normal": "gaussian", "zigamma": "gamma",
}  # fmt: skip

#: R's quasi-likelihoods, and the family whose variance is a multiple of that of the plain one as well.
QUASI = {"quasipoisson": "negative_binomial_1", "quasibinomial": "beta_binomial"}
#: glmmTMB's families that are not here, and what can be said instead.
ABSENT = {
    "genpois": "counts that vary more than Poisson's can be 'negative_binomial_1', and for those that vary less there "
    "is no family",
    "truncated_nbinom1": "'truncated_negative_binomial' is the nearest",
    "ordbeta": "shares of exactly 0 can have a part of their own beside 'beta' (zero_inflation='~ 1')",
    "t_family": "for errors with heavy tails there is no family",
    "lognormal": "take the logarithm of the response and lk.lmer, or 'gamma'",
}
ABSENT |= {"compois": ABSENT["genpois"], "truncated_genpois": ABSENT["truncated_nbinom1"]}
ABSENT |= {"truncated_compois": ABSENT["truncated_nbinom1"]}


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
    name = _plain(family)
    if name not in FAMILIES:
        raise ModelError(f"there is no family {shown(family)}; {_instead(family, name)}")
    return FAMILIES[name]()


def _plain(name: str) -> str:
    """A name as it stands in :data:`CLASSES`."""
    name = name.strip().lower().replace(" ", "_").replace("-", "_")
    return ALIASES.get(name, name)


def _instead(family: str, name: str) -> str:
    """What to write in place of a name that no family has."""
    call = re.fullmatch(r"([\w.]+)\((?:link *= *)?[\"']?(\w*)[\"']?\)", family.strip())
    if call and (of := _plain(call[1])) in FAMILIES:
        kind = CLASSES[of].partition(".")[2]
        return f"write lk.families.{kind}({f'link={call[2]!r}' if call[2] else ''})"
    if name in QUASI:
        return f"quasi-likelihood has no likelihood to compare; '{QUASI[name]}' has the same kind of variance"
    if name in ABSENT:
        return ABSENT[name]
    near = difflib.get_close_matches(name, FAMILIES, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(FAMILIES)}"
