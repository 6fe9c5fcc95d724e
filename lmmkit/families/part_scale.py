"""The scales of the parts of a model that describe no response of their own."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array
from .family import Family
from .links import Link
from .mean_links import Log
from .probability_links import Logit

__all__ = ["DispersionScale", "ZeroScale"]


class ZeroScale(Family):
    """The probability of an extra zero, by its logit.

    Examples
    --------
    >>> ZeroScale().linkinv(0.0)
    array(0.5)
    """

    name = "zero_inflation"
    links: ClassVar[dict[str, type[Link]]] = {"logit": Logit}

    def variance(self, mu: Array) -> Array:
        return mu * (1 - mu)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        raise ModelError("one part of a model has no responses; simulate from the model itself")


class DispersionScale(Family):
    """The dispersion parameter, by its logarithm.

    Examples
    --------
    >>> DispersionScale().linkinv(0.0)
    array(1.)
    """

    name = "dispersion"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called."""
        return "ratio of dispersions"

    def variance(self, mu: Array) -> Array:
        return np.ones_like(mu)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        raise ModelError("one part of a model has no responses; simulate from the model itself")
