"""The base of the families that exist through their joint log density in all linear predictors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array
from .family import Family, Information
from .jets import Jet
from .links import Derivatives, Link

__all__ = ["JointFamily"]


class JointFamily(Family):
    """A family fitted with the textbooks' Laplace approximation (the observed information), as in glmmTMB.

    Parameters
    ----------
    link : str or Link, optional
        Name of the link; the family's own default otherwise.
    dispersion : float, optional
        Value of the dispersion parameter, where there is one; estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Examples
    --------
    >>> from lmmkit.families import Beta
    >>> isinstance(Beta(), JointFamily)
    True
    """

    default_information: ClassVar[Information] = "observed"

    def __init__(self, link: str | Link | None = None, dispersion: float | None = None) -> None:
        super().__init__(link, None, dispersion)

    def _arguments(self) -> dict[str, Any]:
        known = {} if self._dispersion is None else {self.dispersion_argument: self._dispersion}
        return {"link": self.link.name, **known, "information": self.information}

    def _density(self, y: Array, eta: Array) -> Derivatives:
        jet = self.log_density(y, None, self._predictors(Jet.variable(eta, 0)))
        return jet.value, jet[0], jet[0, 0], jet[0, 0, 0]

    def _predictors(self, eta: Jet) -> Sequence[Jet]:
        """The linear predictors at the known dispersion."""
        if self.dispersion_name is None:
            return [eta]
        return [eta, Jet.constant(np.broadcast_to(np.log(self._known), eta.value.shape))]

    def _constant(self, y: Array) -> Array:
        return np.zeros_like(y)

    def _saturated(self, y: Array) -> Array:
        raise ModelError(f"the {self.name} family has no saturated model")

    def _deviance(self, y: Array, mu: Array) -> Array:
        raise ModelError(
            f"deviance residuals do not exist for the {self.name} family; take kind='pearson', or look at "
            "simulated residuals"
        )
