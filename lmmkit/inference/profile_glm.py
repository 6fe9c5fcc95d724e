"""Held coefficients of a generalised linear model without random effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..design.design import Design
from ..likelihood.glm_search import GlmRows, natural_unit
from ..numerics.arrays import Array
from .held import Held

__all__ = ["HeldGlmCoefficient", "held_parameters"]

if TYPE_CHECKING:
    from ..fitted.generalized import GeneralizedFit

State = tuple[float, Array]  # a value, and the other coefficients that belong to it


def held_parameters(fit: GeneralizedFit) -> tuple[dict[str, Held], float]:
    """Everything that can be held, by name, and -2 log-likelihood (but for a constant) at the estimates.

    Parameters
    ----------
    fit : GeneralizedFit
        An estimated dispersion, or theta of the negative binomial, is taken as known, as R's ``confint``
        takes it.
    """
    design = fit.design.take(fit.counts)
    rows = GlmRows(design.y, design.row_weights, fit.family)
    held: dict[str, Held] = {
        name: HeldGlmCoefficient(fit, design, rows, j) for j, name in enumerate(design.x_names)
    }
    return held, rows.deviance(design.X @ fit.beta + design.offset)


class HeldGlmCoefficient:
    """A coefficient: its column, times the value, belongs to the offset.

    The other coefficients are those of orthonormal columns in units in which the linear predictor moves by
    about one.
    """

    def __init__(self, fit: GeneralizedFit, design: Design, rows: GlmRows, j: int) -> None:
        self.rows, self.offset, X = rows, design.offset, design.X
        eta = X @ fit.beta + design.offset
        unit = natural_unit(rows.family, eta)
        self.column, others = X[:, j], np.delete(X, j, axis=1)
        self.Q = np.linalg.qr(others)[0] * np.sqrt(len(X)) * unit
        self.estimate, self.bounds = float(fit.beta[j]), (-np.inf, np.inf)
        away = self.column - self.Q @ np.linalg.lstsq(self.Q, self.column, rcond=None)[0]
        # The standard error of a separated coefficient says nothing; two units of the predictor do.
        self.scale = float(np.minimum(fit.se.iloc[j], 2 * unit / np.sqrt((away**2).mean())))
        self._optimum = np.linalg.lstsq(
            self.Q, eta - design.offset - self.estimate * self.column, rcond=None
        )[0]
        with np.errstate(all="ignore"):
            information = rows.family.expected_information(eta, rows.weights)[0]
        root = np.sqrt(np.where(np.isfinite(information) & (information > 0), information, 0.0))
        #: how the others follow the held one
        self._drift = -np.linalg.lstsq(self.Q * root[:, None], self.column * root, rcond=1e-8)[0]

    def start(self) -> State:
        return self.estimate, self._optimum

    def minimise(self, value: float, start: State) -> tuple[float, State]:
        offset = self.offset + value * self.column
        before, free = start
        starts = (free + (value - before) * self._drift, free)
        deviances = [self.rows.deviance(offset + self.Q @ at) for at in starts]
        best = int(np.argmin(deviances))
        if not np.isfinite(deviances[best]):
            return np.inf, start
        if not self.Q.shape[1]:
            return deviances[best], (value, free)
        search = self.rows.search(self.Q, offset, starts[best])
        return search.value, (value, search.x)

    def look_again(self, value: float, start: State) -> tuple[float, State]:
        return min((self.minimise(value, at) for at in (start, self.start())), key=lambda found: found[0])
